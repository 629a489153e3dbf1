import file from './tolerances.json' with { type: 'json' };

/**
 * What a check asks for, as frozen in tolerances.json before anything was measured. Bounds that are absent don't bind;
 * `above` and `below` are exclusive.
 */
export interface Tolerance {
  readonly quantity: string;
  /** '' for a plain number. */
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly above?: number;
  readonly below?: number;
  /** The same quantity out of the documents' tables; null where they have none. */
  readonly published: number | null;
  readonly reason: string;
}

/** How the file came to be what it is: one entry for the freeze, one for each change since. */
export interface ToleranceChange {
  readonly on: string;
  readonly why: string;
  /** SHA-256 of `JSON.stringify({ rules, checks })`. */
  readonly digest: string;
}

export type CheckId = keyof typeof file.checks;

export const checkIds = Object.keys(file.checks) as CheckId[];
export const tolerances: Readonly<Record<CheckId, Tolerance>> = file.checks;
/** What holds for all checks: how many repeats and points, how confidence is found. */
export const rules = file.rules;
export const toleranceChanges: readonly ToleranceChange[] = file.changes;
/** Day of the freeze. */
export const frozenOn = file.changes[0]!.on;

type Bounds = Pick<Tolerance, 'atLeast' | 'atMost' | 'above' | 'below'>;

/** Whether a value keeps within the bounds. */
export const isWithin = (value: number, { atLeast, atMost, above, below }: Bounds): boolean =>
  value >= (atLeast ?? -Infinity) &&
  value <= (atMost ?? Infinity) &&
  value > (above ?? -Infinity) &&
  value < (below ?? Infinity);

/** How far inside its nearest bound a value is; negative outside, Infinity without bounds. */
export const marginOf = (value: number, { atLeast, atMost, above, below }: Bounds): number =>
  Math.min(
    value - (atLeast ?? -Infinity),
    value - (above ?? -Infinity),
    (atMost ?? Infinity) - value,
    (below ?? Infinity) - value,
  );

/** `1.85 … 2.15 B/B`, `≥ 0.99`, `< 2 ×` */
export const toleranceText = ({ atLeast, atMost, above, below, unit }: Tolerance): string => {
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} … ${atMost}${suffix}`;
  const bounds = Object.entries({ '≥': atLeast, '≤': atMost, '>': above, '<': below });
  return bounds
    .flatMap(([sign, bound]) => (bound === undefined ? [] : [`${sign} ${bound}${suffix}`]))
    .join(' and ');
};
