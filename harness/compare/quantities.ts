import { formatBytes, formatMs, formatRate, formatUs } from '../format.ts';
import type { RunResult } from '../result.ts';
import { hasFailed } from '../trends/outcome.ts';

/** A figure of a run that two result sets are compared by. */
export interface Quantity {
  /** As in the result's measurement. */
  name: string;
  unit: string;
  better: 'lower' | 'higher';
  /** Null where the run has none. */
  of: (run: RunResult) => number | null;
  format: (value: number) => string;
  /** Over a cell's runs. */
  summary: 'median' | 'mean';
}

const measured =
  (of: (measurement: NonNullable<RunResult['measurement']>) => number | null) =>
  ({ measurement }: RunResult): number | null =>
    measurement === null ? null : of(measurement);

/** 1 for a run that completed, 0 for one that failed; what the machine spoilt counts neither way. */
const completed = (run: RunResult): number | null =>
  run.state === 'completed' ? 1 : hasFailed(run) ? 0 : null;

const median = { summary: 'median' } as const;

export const quantities: readonly Quantity[] = [
  { name: 'completed', unit: 'share of runs', better: 'higher', of: completed, format: (share) => `${Math.round(share * 100)} %`, summary: 'mean' },
  { name: 'totalTimeMs', unit: 'ms', better: 'lower', of: measured(({ totalTimeMs }) => totalTimeMs), format: formatMs, ...median },
  { name: 'downtimeMs', unit: 'ms', better: 'lower', of: measured(({ downtimeMs }) => downtimeMs), format: formatMs, ...median },
  { name: 'ram.transferred', unit: 'bytes', better: 'lower', of: measured(({ ram }) => ram.transferred), format: formatBytes, ...median },
  { name: 'pageGoodputMbps', unit: 'Mb/s', better: 'higher', of: measured(({ pageGoodputMbps }) => pageGoodputMbps), format: formatRate, ...median },
  { name: 'faults.p50Us', unit: 'µs', better: 'lower', of: measured(({ faults }) => faults.p50Us), format: formatUs, ...median },
  { name: 'faults.p99Us', unit: 'µs', better: 'lower', of: measured(({ faults }) => faults.p99Us), format: formatUs, ...median },
]; // prettier-ignore
