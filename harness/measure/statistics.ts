declare const sortedBrand: unique symbol;

/** Numbers in ascending order: only `sorted` makes one, so nobody can take a percentile of anything else. */
export type Sorted = Float64Array & { readonly [sortedBrand]: true };

/** @throws RangeError on NaN, which no order has a place for. */
export const sorted = (values: Iterable<number>): Sorted => {
  const copy = Float64Array.from(values).sort();
  // NaN sorts last.
  if (Number.isNaN(copy.at(-1))) throw new RangeError('NaN is no measurement; leave it out before sorting');
  return copy as Sorted;
};

/**
 * The nearest-rank percentile: the least value that at least `fraction` of all values don't exceed. Null of nothing.
 * @param fraction 0 < fraction ≤ 1
 */
export const percentile = (values: Sorted, fraction: number): number | null =>
  values[Math.max(0, Math.ceil(fraction * values.length) - 1)] ?? null;

export const median = (values: Sorted): number | null => percentile(values, 0.5);
export const largest = (values: Sorted): number | null => values.at(-1) ?? null;
