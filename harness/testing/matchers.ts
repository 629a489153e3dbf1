import type { RunResult } from '../result.ts';
import type { Comparison } from './claims.ts';
import { completedWithin, downtimeBelow, noPageLost } from './claims.ts';

/** What `expect` gains: `declare module 'vitest' { interface Matchers<R> extends MigrationMatchers<R> {} }`. */
export interface MigrationMatchers<Returned = unknown> {
  /** That a run completed, and its migration took at most so long, from start to end. */
  toHaveCompletedWithin(totalTimeMs: number): Returned;
  /** That the guest stood still for less than that. */
  toHaveDowntimeBelow(downtimeMs: number): Returned;
  /** That every page of the guest, and every sector of its disk, arrived as it was. */
  toHaveLostNoPage(): Returned;
}

/** As Jest and Vitest take it. */
interface Matched {
  pass: boolean;
  message: () => string;
}

const matched = ({ holds, expected, got }: Comparison): Matched => ({
  pass: holds,
  message: () => `expected ${holds ? 'the opposite of ' : ''}${expected}, got ${got}`,
});

/** For `expect.extend(matchers)`. A claim, or its opposite, about something that a run doesn't have is an error. */
export const matchers = {
  toHaveCompletedWithin: (result: RunResult, totalTimeMs: number) =>
    matched(completedWithin(result, totalTimeMs)),
  toHaveDowntimeBelow: (result: RunResult, downtimeMs: number) => matched(downtimeBelow(result, downtimeMs)),
  toHaveLostNoPage: (result: RunResult) => matched(noPageLost(result)),
} as const satisfies Record<keyof MigrationMatchers, (...args: never[]) => Matched>;
