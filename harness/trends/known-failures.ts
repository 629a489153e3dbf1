import type { KnownFailure, Study } from './study.ts';
import type { TrendVerdict } from './verdict.ts';
import { wordOf } from './verdict.ts';

export interface SortedFailures {
  /** Unexplained failures. */
  unexplained: TrendVerdict[];
  /** Unexplained, but inconclusive, as the confidence interval crosses the bound. */
  undecided: TrendVerdict[];
  explained: { verdict: TrendVerdict; known: KnownFailure }[];
  /** Listed, but they hold now: an outdated list would hide the next failure. */
  outdated: KnownFailure[];
}

/**
 * Compares the checks that fail, in every era as well, with their studies' lists. A check that was not measured says
 * nothing about its entry.
 */
export const sortFailures = (
  verdicts: readonly TrendVerdict[],
  studies: readonly Pick<Study, 'name' | 'knownFailures'>[],
): SortedFailures => {
  const failed = verdicts.filter((verdict) => wordOf(verdict) === 'fails');
  const entryOf = ({ study, id, busiestCell }: TrendVerdict): KnownFailure | undefined =>
    studies
      .find(({ name }) => name === study)
      ?.knownFailures.find(
        (entry) => entry.id === id && (busiestCell?.machineBusyShare ?? 0) >= (entry.machineBusyAtLeast ?? 0),
      );
  const unlisted = failed.filter((verdict) => entryOf(verdict) === undefined);
  const measured = verdicts.filter(({ verdict }) => verdict !== 'not measured');
  return {
    unexplained: unlisted.filter(({ isNearBound }) => !isNearBound),
    undecided: unlisted.filter(({ isNearBound }) => isNearBound),
    explained: failed.flatMap((verdict) => {
      const entry = entryOf(verdict);
      return entry === undefined ? [] : [{ verdict, known: entry }];
    }),
    outdated: studies.flatMap(({ knownFailures }) =>
      knownFailures.filter(
        (entry) =>
          // It says nothing of a machine that has time to spare.
          entry.machineBusyAtLeast === undefined &&
          measured.some((verdict) => entryOf(verdict) === entry) &&
          !failed.some((verdict) => entryOf(verdict) === entry),
      ),
    ),
  };
};
