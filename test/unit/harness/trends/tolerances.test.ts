import { expect, test } from '@jest/globals';
import { crossesBound, isWithin, marginOf, toleranceText } from '#harness/trends/tolerances';
import { checkOf } from '#test/support/studies';

test('bounds', () => {
  expect([isWithin(2, { atMost: 2 }), isWithin(2, { below: 2 }), isWithin(1, { above: 1 })]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isWithin(NaN, { atLeast: 0 })).toBe(false);
  expect(marginOf(0.3, { atLeast: 0, atMost: 0.25 })).toBeCloseTo(-0.05);
  expect(marginOf(0.1, { atLeast: 0, atMost: 0.25 })).toBeCloseTo(0.1);
});

test.each([
  { low: 2, value: 3, high: 4, crosses: false },
  { low: 0.5, value: 3, high: 4, crosses: true },
  { low: 2, value: 3, high: 9, crosses: true },
  { low: 0.5, value: 0.7, high: 0.9, crosses: false },
  { low: 0.5, value: 0.7, high: 2, crosses: true },
  { low: 8.5, value: 9, high: 10, crosses: false },
  // Wider than the tolerance, with its value outside: it may as well hold.
  { low: 0.98, value: 0.99, high: 15.4, crosses: true },
  { low: 0.98, value: 9, high: 15.4, crosses: true },
])('$value [$low, $high] crosses a bound of 1 to 8: $crosses', ({ crosses, ...estimate }) => {
  expect(crossesBound(estimate, { atLeast: 1, atMost: 8 })).toBe(crosses);
});

test('an interval that ends at an exclusive bound is not beyond it', () => {
  expect(crossesBound({ low: 1, value: 2, high: 3 }, { above: 3 })).toBe(false);
  expect(crossesBound({ low: 1, value: 2, high: 3 }, { atLeast: 3 })).toBe(true);
});

test.each([
  ['1a', '≥ 0.99'],
  ['2a', '1.85 … 2.15 B/B'],
  ['4a', '< 2 ×'],
  ['5a', '≤ 0.4 s'],
  ['8', '> 1 ×'],
] as const)('%s reads %s', (id, text) => {
  expect(toleranceText(checkOf(id).study.tolerances[id]!)).toBe(text);
});
