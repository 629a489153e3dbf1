import { expect, test } from '@jest/globals';
import { kindOf } from '#harness/trends/kind';
import type { Tolerance } from '#harness/trends/tolerances';
import { loadStudies } from '#harness/studies/index';

const tolerance = (bounds: Partial<Tolerance>): Tolerance => ({
  quantity: 'a quantity',
  unit: '',
  published: 1,
  reason: 'for this test',
  ...bounds,
});

test.each([
  ['between two bounds', { atLeast: 0.5, atMost: 2 }, 'two-sided'],
  ['between exclusive ones', { above: 0.5, below: 2 }, 'two-sided'],
  ['at one of two bounds', { atLeast: 1, atMost: 2 }, 'one-sided'],
  ['over a lower bound only', { atLeast: 0.5 }, 'one-sided'],
  ['under an upper bound only', { below: 2 }, 'one-sided'],
  ['not published', { published: null, atLeast: 0.5, atMost: 2 }, 'own goal'],
  ['not published, but stated in words', { published: null, isInWords: true, below: 1 }, 'one-sided'],
  ['published, and would fail', { published: 0.4, atLeast: 0.98 }, 'own goal'],
] as const)('a figure %s', (_, bounds, kind) => {
  expect(kindOf(tolerance(bounds))).toBe(kind);
});

test('the checks that go beyond the documents are the project’s own goals, and no others are', async () => {
  const studies = await loadStudies();
  const own = studies.flatMap(({ tolerances }) =>
    Object.entries(tolerances).flatMap(([id, each]) => (kindOf(each) === 'own goal' ? [id] : [])),
  );
  expect(own.sort()).toEqual([
    '10b',
    '11b',
    // The bounds of trend 15, and predictions that the document has none of.
    '15a',
    '15d',
    '15e',
    '15f',
    '15n',
    '15o',
    '15p',
    '15q',
    '15r',
    '15s',
    '15t',
    '15u',
    '15v',
    '15w',
    '15x',
    '15y',
    '25a',
    '25b',
    '26a',
    '26b',
    '2b',
    '3b',
  ]);
});
