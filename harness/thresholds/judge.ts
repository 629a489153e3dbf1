import { valueAt } from '../measure/figures.ts';
import { percentile, sorted } from '../measure/statistics.ts';
import { median } from '../median.ts';
import type { RunResult } from '../result.ts';
import type { Aggregate, Operator, Threshold } from './threshold.ts';

/** What became of one threshold. */
export interface ThresholdVerdict extends Threshold {
  holds: boolean;
  /** The aggregate of the runs that have the figure, of `every` the worst of them; null = none has. */
  measured: number | null;
  /** Runs that have the figure, and all that should. */
  runs: { measured: number; wanted: number };
  /** Why it can't hold, whatever was measured; null = nothing keeps it from holding. */
  why: string | null;
}

const compare: Readonly<Record<Operator, (measured: number, bound: number) => boolean>> = {
  '<': (measured, bound) => measured < bound,
  '<=': (measured, bound) => measured <= bound,
  '>': (measured, bound) => measured > bound,
  '>=': (measured, bound) => measured >= bound,
  '==': (measured, bound) => measured === bound,
  '!=': (measured, bound) => measured !== bound,
};

const quantile =
  (fraction: number) =>
  (values: readonly number[]): number =>
    percentile(sorted(values), fraction) ?? Number.NaN;

/** Of one value or more. */
const summary: Readonly<
  Record<Exclude<Aggregate, 'every' | 'count'>, (values: readonly number[]) => number>
> = {
  min: (values) => Math.min(...values),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  med: median,
  p90: quantile(0.9),
  p95: quantile(0.95),
  p99: quantile(0.99),
  max: (values) => Math.max(...values),
};

/** The value that is furthest from keeping the bound. */
const worst = ({ operator, value }: Threshold, values: readonly number[]): number => {
  if (operator === '<' || operator === '<=') return Math.max(...values);
  if (operator === '>' || operator === '>=') return Math.min(...values);
  return values.find((each) => !compare[operator](each, value)) ?? values[0]!;
};

const measuredOf = (threshold: Threshold, values: readonly number[]): number | null => {
  const { aggregate } = threshold;
  if (aggregate === 'count') return values.length;
  if (values.length === 0) return null;
  return aggregate === 'every' ? worst(threshold, values) : summary[aggregate](values);
};

/** `1 invalid, 2 missing` */
const statesText = (runs: readonly (RunResult | null)[]): string =>
  [...Map.groupBy(runs, (run) => run?.state ?? 'missing')]
    .map(([state, group]) => `${group.length} ${state}`)
    .join(', ');

const whyNot = (
  runs: readonly (RunResult | null)[],
  valueCount: number,
  aggregate: Aggregate,
): string | null => {
  if (runs.length === 0) return 'there were no runs';
  const others = runs.filter((run) => run?.state !== 'completed');
  if (others.length > 0)
    return `${others.length} of ${runs.length} runs did not complete (${statesText(others)})`;
  const missing = runs.length - valueCount;
  if (missing === 0 || aggregate === 'count') return null;
  return `${missing} of ${runs.length} runs have no such figure`;
};

/**
 * Judges thresholds over repeated runs. One that a run didn't complete, or has no figure for, doesn't hold: nothing is
 * passed by not being measured.
 * @param runs null = one that should be there, and isn't.
 */
export const judgeThresholds = (
  thresholds: readonly Threshold[],
  runs: readonly (RunResult | null)[],
): ThresholdVerdict[] =>
  thresholds.map((threshold) => {
    const completed = runs.filter((run) => run?.state === 'completed');
    const values = completed.map((run) => valueAt(run, threshold.figure)).filter((value) => value !== null);
    const measured = measuredOf(threshold, values);
    const why = whyNot(runs, values.length, threshold.aggregate);
    const isKept = measured !== null && compare[threshold.operator](measured, threshold.value);
    return {
      ...threshold,
      holds: why === null && isKept,
      measured,
      runs: { measured: values.length, wanted: runs.length },
      why,
    };
  });
