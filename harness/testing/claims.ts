import type { RunResult } from '../result.ts';

/** What a test claims of a run, compared with its result. */
export interface Comparison {
  holds: boolean;
  expected: string;
  got: string;
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;

const endOf = ({ state, error }: RunResult): string =>
  error === null ? state : `${state} (${error.code}: ${error.message})`;

/** @throws TypeError where a limit isn't a number: a claim that is never true, or always */
const checkLimit = (limitMs: number): void => {
  if (!(limitMs >= 0)) throw new TypeError(`expected a limit in ms of at least 0, got ${limitMs}`);
};

/** That a run completed, and how long the migration took. */
export const completedWithin = (result: RunResult, limitMs: number): Comparison => {
  checkLimit(limitMs);
  const expected = `the migration to complete within ${ms(limitMs)}`;
  if (result.state !== 'completed') return { holds: false, expected, got: endOf(result) };
  const { totalTimeMs } = result.measurement;
  return { holds: totalTimeMs <= limitMs, expected, got: ms(totalTimeMs) };
};

/**
 * How long the guest stood still.
 * @throws TypeError where nothing was measured: neither this nor its opposite can be claimed then.
 */
export const downtimeBelow = (result: RunResult, limitMs: number): Comparison => {
  checkLimit(limitMs);
  if (result.state !== 'completed')
    throw new TypeError(`expected a completed run, as others have no downtime, got ${endOf(result)}`);
  const { downtimeMs } = result.measurement;
  return { holds: downtimeMs < limitMs, expected: `a downtime below ${ms(limitMs)}`, got: ms(downtimeMs) };
};

/**
 * That all pages, and those of a disk, arrived as they were.
 * @throws TypeError where they weren't compared.
 */
export const noPageLost = (result: RunResult): Comparison => {
  const { integrity } = result;
  if (integrity === null)
    throw new TypeError(`expected a run whose pages were compared, got ${endOf(result)}`);
  const { pagesCompared, mismatches, staleReads, disk } = integrity;
  const counts = {
    mismatches,
    staleReads,
    ...(disk === undefined ? {} : { diskMismatches: disk.mismatches, diskStaleReads: disk.staleReads }),
  };
  return {
    holds: pagesCompared > 0 && Object.values(counts).every((count) => count === 0),
    expected: 'no page to be lost',
    got: `${pagesCompared} pages compared, ${Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  };
};
