import { describe, expect, test } from '@jest/globals';
import { largest, median, percentile, sorted } from '#harness/measure/statistics';

describe('statistics', () => {
  test('sorts by value, not by spelling, and leaves the original alone', () => {
    const values = [10, 9, 100];
    expect([...sorted(values)]).toEqual([9, 10, 100]);
    expect(values).toEqual([10, 9, 100]);
  });

  test('takes the nearest rank', () => {
    const hundred = sorted(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([
      50, 99, 100,
    ]);
    expect(percentile(sorted([3, 1]), 0.01)).toBe(1);
    expect(median(sorted([4, 1, 2]))).toBe(2);
    expect(largest(sorted([4, 1, 2]))).toBe(4);
  });

  test('has no figure for an empty list', () => {
    expect([median(sorted([])), percentile(sorted([]), 0.99), largest(sorted([]))]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('refuses what is not a number', () => {
    expect(() => sorted([1, NaN, 2])).toThrow('NaN');
  });
});
