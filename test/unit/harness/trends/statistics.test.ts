import { expect, test } from '@jest/globals';
import type { Draw } from '#harness/trends/statistics';
import { estimateOf as estimateBy, fitLine, leastBy, medianOf, mostBy } from '#harness/trends/statistics';
import { usualRules } from '#harness/trends/tolerances';

const estimateOf = (statistic: (draw: Draw) => number, unit: string) =>
  estimateBy(statistic, unit, usualRules);
const identity = (value: number): number => value;

test('a line through points on a line, and R² of one that is not', () => {
  const { slope, intercept, r2 } = fitLine([[0, 1], [1, 3], [2, 5]]); // prettier-ignore
  expect([slope, intercept, r2]).toEqual([2, 1, 1]);
  // By hand: the line is 2/3 + x, residuals 1/3, -2/3, 1/3 (squares 2/3) about a mean of 5/3 (squares 8/3).
  expect(fitLine([[0, 1], [1, 1], [2, 3]]).r2).toBeCloseTo(1 - 0.6666667 / 2.6666667); // prettier-ignore
});

test('gives medians, and the deciding cell', () => {
  expect(medianOf([3, 1, 2], identity)).toBe(2);
  expect(medianOf([], identity)).toBeNaN();
  expect(leastBy([3, 1, 2], identity)).toBe(1);
  expect(mostBy([{ a: 1 }, { a: 5 }], ({ a }) => a)).toEqual({ a: 5 });
});

test('the interval of the median of three repeats is their range', () => {
  const runs = [10, 11, 14];
  const { value, low, high, unit } = estimateOf((draw) => medianOf(draw(runs), identity), 's');
  expect({ value, low, high, unit }).toEqual({ value: 11, low: 10, high: 14, unit: 's' });
});

test('the interval of a mean is as wide as theory says, and reproducible', () => {
  const runs = Array.from({ length: 100 }, (_, index) => index);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const estimate = estimateOf((draw) => mean(draw(runs)), '');
  // σ/√n of 0 … 99 is 2.887.
  expect(estimate.high - estimate.low).toBeCloseTo(2 * 1.96 * 2.887, -0.5);
  expect(estimateOf((draw) => mean(draw(runs)), '')).toEqual(estimate);
});

test('a group is drawn once per resample, so quantities of the same runs stay paired', () => {
  const runs = [1, 2, 50];
  const { low, high } = estimateOf(
    (draw) => medianOf(draw(runs), (run) => run * 3) / medianOf(draw(runs), identity),
    '×',
  );
  expect([low, high]).toEqual([3, 3]);
});

test('without a figure there is no interval', () => {
  expect(estimateOf(() => NaN, '')).toEqual({ value: NaN, low: NaN, high: NaN, unit: '' });
});
