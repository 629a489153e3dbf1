import { expect, test } from '@jest/globals';
import { fileProblems } from '#harness/files/places';

/** A regular file that may be written to, in a directory where nobody makes another. */
const file = '/proc/self/comm';

test('a file that is appended to needs no permission in its directory', async () => {
  expect(await fileProblems('--out', file, { isAppended: true })).toEqual([]);
});

test('a file that is replaced or created does (negative control)', async () => {
  expect(await fileProblems('--out', file)).toEqual([expect.stringContaining("can't be written to")]);
  expect(await fileProblems('--out', '/proc/self/none', { isAppended: true })).toHaveLength(1);
});
