import type { Draw, Needs, RunResult } from 'livemig/study';
import { bandwidthMbps, bytesPerMs, medianOf } from 'livemig/study';
import type { Link } from './published.ts';
import { stressedBytes } from './stress.ts';
import frozen from './tolerances.json' with { type: 'json' };

const { rules } = frozen;

/** Up to how much stressed memory pre-copy converges (M*), from runs on both sides of the limit. */

/** true: it converged; false: it did not; undefined: inconclusive, as something else ended the run. */
export const hasConverged = (run: RunResult): boolean | undefined => {
  if (run.state === 'completed') return true;
  return run.error.code === 'NOT_CONVERGED' ? false : undefined;
};

/** The outcome of one repetition of the search. */
export interface Limit {
  /** Halfway between the two. */
  bytes: number;
  largestConvergedBytes: number;
  smallestNotConvergedBytes: number;
}

const limitOf = (runs: readonly RunResult[]): Limit[] => {
  const bytesWhere = (wanted: boolean): number[] =>
    runs.filter((run) => hasConverged(run) === wanted).map(stressedBytes);
  const converged = bytesWhere(true);
  const notConverged = bytesWhere(false);
  if (converged.length === 0 || notConverged.length === 0) return [];
  const largestConvergedBytes = Math.max(...converged);
  const smallestNotConvergedBytes = Math.min(...notConverged);
  return [
    {
      bytes: (largestConvergedBytes + smallestNotConvergedBytes) / 2,
      largestConvergedBytes,
      smallestNotConvergedBytes,
    },
  ];
};

export interface LimitSearch {
  link: Link;
  /** One for each repetition that has runs on both sides. */
  limits: readonly Limit[];
  runs: readonly RunResult[];
}

/** The searches over a link; recorded as missing if too few repetitions have runs on both sides. */
export const limitSearch = (need: Needs, link: Link): LimitSearch => {
  const runs = need
    .cells('pre-copy-limit', { link })
    .flatMap((cell) => cell.runs)
    .filter((run) => hasConverged(run) !== undefined);
  const repeats = Map.groupBy(runs, ({ sweep }) => sweep?.repeat);
  const limits = [...repeats.values()].flatMap(limitOf);
  if (limits.length < rules.leastRepeats)
    need.lacks(
      `pre-copy-limit link=${link}: ${limits.length} repetitions have runs on both sides of the limit, at least ` +
        `${rules.leastRepeats} needed`,
    );
  return { link, limits, runs };
};

export const limitBytes = (draw: Draw, { limits }: LimitSearch): number =>
  medianOf(draw(limits), ({ bytes }) => bytes);

/** Bytes that fit the downtime limit at the calibrated bandwidth: B·D_max. */
export const fittingBytes = (draw: Draw, { runs }: LimitSearch): number =>
  medianOf(draw(runs), (run) => bytesPerMs(bandwidthMbps(run)) * run.scenario.limits.downtimeLimitMs);
