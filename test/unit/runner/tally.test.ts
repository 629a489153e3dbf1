import { describe, expect, test } from '@jest/globals';
import { lastLine, nothing, sum, tallyOf } from '../../runner/tally.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'x.test.ts',
  status,
  message: '',
  assertionResults: tests.map((outcome, index) => ({ fullName: `test ${index}`, status: outcome })),
});
const reportOf = (...testResults: ReturnType<typeof file>[]) => ({ numTotalTests: 0, testResults });

describe('tally', () => {
  test('counts tests by their own outcome', () => {
    const tally = tallyOf('unit', reportOf(file('failed', 'passed', 'failed', 'pending', 'passed')), 1);
    expect(tally).toEqual({ passed: 2, failures: ['unit: test 1'], skipped: ['unit: test 2'] });
    expect(lastLine(tally)).toBe('2 passed, 1 failed, 1 skipped');
  });

  test('a file that could not run is a failure', () => {
    expect(tallyOf('unit', reportOf(file('failed')), 1).failures).toEqual(['unit: x.test.ts did not run']);
  });

  test('so is a missing report, and an exit code that no test explains', () => {
    expect(tallyOf('unit', undefined, 0).failures).toHaveLength(1);
    expect(tallyOf('unit', reportOf(file('passed', 'passed')), 1).failures).toHaveLength(1);
  });

  test('sums', () => {
    expect(lastLine(sum({ ...nothing, passed: 2 }, { ...nothing, passed: 1, failures: ['x'] }))).toBe(
      '3 passed, 1 failed',
    );
  });
});
