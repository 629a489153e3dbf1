import { AssertionError } from 'node:assert';
import type { CompletedRun, RunResult } from '../result.ts';
import type { Comparison } from './claims.ts';
import { completedWithin, downtimeBelow, noPageLost } from './claims.ts';

/** An assertion of a result. @throws AssertionError, which says what was expected, and what came */
export type Assertion<Arguments extends unknown[], Run extends RunResult> = (
  result: RunResult,
  ...limits: Arguments
) => asserts result is Run;

const insist = ({ holds, expected, got }: Comparison): void => {
  if (holds) return;
  throw new AssertionError({ message: `expected ${expected}, got ${got}`, expected, actual: got });
};

/** That a run completed, and its migration took at most so long, from start to end. */
export const assertCompletedWithin: Assertion<[totalTimeMs: number], CompletedRun> = (
  result,
  totalTimeMs,
) => {
  insist(completedWithin(result, totalTimeMs));
};

/** That the guest stood still for less than that. */
export const assertDowntimeBelow: Assertion<[downtimeMs: number], CompletedRun> = (result, downtimeMs) => {
  insist(downtimeBelow(result, downtimeMs));
};

/** That every page of the guest, and every sector of its disk, arrived as it was. */
export const assertNoPageLost: Assertion<[], RunResult> = (result) => {
  insist(noPageLost(result));
};
