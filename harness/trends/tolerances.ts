/**
 * A check's tolerance, frozen in its study's tolerances.json before anything was measured. Absent bounds don't apply;
 * `above` and `below` are exclusive.
 */
export interface Tolerance extends Bounds {
  readonly quantity: string;
  /** '' for a plain number. */
  readonly unit: string;
  /** The same quantity from the documents' tables; null if they have none. */
  readonly published: number | null;
  /** The documents state the direction in words, without a figure. */
  readonly isInWords?: boolean | undefined;
  readonly reason: string;
}

export interface Bounds {
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** Rules for all checks of a study: repeats needed, and the computation of confidence intervals. */
export interface Rules {
  /** Completed runs that a cell needs. */
  readonly leastRepeats: number;
  /** Confidence level of the intervals, from 0 to 1. */
  readonly confidence: number;
  /** Seed of the bootstrap. */
  readonly resamples: number;
  readonly seed: number;
}

/** The default rules of a study. */
export const usualRules: Rules = { leastRepeats: 3, confidence: 0.95, resamples: 2000, seed: 20261121 };

/** Whether a value is within the bounds. */
export const isWithin = (value: number, { atLeast, atMost, above, below }: Bounds): boolean =>
  value >= (atLeast ?? -Infinity) &&
  value <= (atMost ?? Infinity) &&
  value > (above ?? -Infinity) &&
  value < (below ?? Infinity);

/**
 * Whether another set of runs may well give the other verdict: the interval has values on both sides of a bound. Its ends
 * alone don't tell, as an interval that is wider than the tolerance has both of them outside.
 */
export const crossesBound = (
  { value, low, high }: { value: number; low: number; high: number },
  bounds: Bounds,
): boolean => {
  if (isWithin(value, bounds)) return !isWithin(low, bounds) || !isWithin(high, bounds);
  const { atLeast, atMost, above, below } = bounds;
  return (
    high >= (atLeast ?? -Infinity) &&
    low <= (atMost ?? Infinity) &&
    high > (above ?? -Infinity) &&
    low < (below ?? Infinity)
  );
};

/** How far inside its nearest bound a value is; negative outside, Infinity without bounds. */
export const marginOf = (value: number, { atLeast, atMost, above, below }: Bounds): number =>
  Math.min(
    value - (atLeast ?? -Infinity),
    value - (above ?? -Infinity),
    (atMost ?? Infinity) - value,
    (below ?? Infinity) - value,
  );

/** `1.85 … 2.15 B/B`, `≥ 0.99`, `< 2 ×` */
export const toleranceText = ({ atLeast, atMost, above, below, unit }: Bounds & { unit: string }): string => {
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} … ${atMost}${suffix}`;
  const bounds = Object.entries({ '≥': atLeast, '≤': atMost, '>': above, '<': below });
  return bounds
    .flatMap(([sign, bound]) => (bound === undefined ? [] : [`${sign} ${bound}${suffix}`]))
    .join(' and ');
};
