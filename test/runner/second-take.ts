import type { RunResult } from '#harness/result';
import { sortFailures } from '#harness/trends/known-failures';
import type { Study } from '#harness/trends/study';
import type { TrendVerdict } from '#harness/trends/verdict';

/** Parts of a study's sweep that are measured once more. */
export interface SecondTake<Name extends Pick<Study, 'name'> = Study> {
  study: Name;
  parts: readonly string[];
  /** The checks that ask for it. */
  checks: readonly string[];
}

/**
 * What is measured again before a check counts as failed: the parts whose runs its verdict is based on. A sweep for CI
 * repeats little, and minutes of a noisy machine spoil it; what is broken fails with all runs of both takes as well.
 * Only failures that would be red ask for it. Pure.
 */
export const secondTakesOf = <Name extends Pick<Study, 'name' | 'knownFailures'>>(
  verdicts: readonly TrendVerdict[],
  studies: readonly Name[],
  runs: readonly Pick<RunResult, 'runId' | 'sweep'>[],
): SecondTake<Name>[] => {
  const partOf = new Map(runs.map(({ runId, sweep }) => [runId, sweep?.part]));
  const red = Map.groupBy(sortFailures(verdicts, studies).unexplained, ({ study }) => study);
  return studies.flatMap((study) => {
    const failed = red.get(study.name) ?? [];
    const parts = new Set(failed.flatMap(({ runIds }) => runIds.map((id) => partOf.get(id))));
    const known = [...parts].filter((part) => part !== undefined).sort();
    return known.length === 0 ? [] : [{ study, parts: known, checks: failed.map(({ id }) => id) }];
  });
};
