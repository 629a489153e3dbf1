import { describe, expect, test } from '@jest/globals';
import { openFilesMax, openFilesProblem } from '#harness/testbed/open-files';

describe('how many files may be open', () => {
  test('too few are reported with the remedy', () => {
    expect(openFilesProblem(24)).toMatch(/expected to be allowed 256 .*, got 24: .*ulimit -n 256/);
  });

  test('enough, or a system that does not say, are no problem', () => {
    expect(openFilesProblem(256)).toBeNull();
    expect(openFilesProblem(null)).toBeNull();
  });

  test('this process may open a number of files', () => {
    expect(openFilesMax()).toBeGreaterThan(0);
  });
});
