import file from './known-failures.json' with { type: 'json' };
import type { TrendVerdict } from './verdict.ts';

/** A check that our testbed honestly doesn't show. */
export interface KnownFailure {
  /** Of the check, as in tolerances.json. */
  id: string;
  /** Day of the measurement that explains it, YYYY-MM-DD. */
  on: string;
  /** Measured, not guessed. */
  reason: string;
}

export const knownFailures: readonly KnownFailure[] = file.knownFailures;

export interface SortedFailures {
  /** Nobody has explained these: red. */
  unexplained: TrendVerdict[];
  /** Nobody has explained these either, but their confidence interval reaches over the bound: these runs can't tell. */
  undecided: TrendVerdict[];
  explained: { verdict: TrendVerdict; known: KnownFailure }[];
  /** Listed, but they hold now: the list is out of date, which hides the next failure. */
  outdated: KnownFailure[];
}

/** Holds the failed checks against the list. What was not measured says nothing about its entry. */
export const sortFailures = (
  verdicts: readonly TrendVerdict[],
  known: readonly KnownFailure[] = knownFailures,
): SortedFailures => {
  const failed = verdicts.filter(({ verdict }) => verdict === 'fails');
  const entryOf = ({ id }: TrendVerdict): KnownFailure | undefined => known.find((entry) => entry.id === id);
  const unlisted = failed.filter((verdict) => entryOf(verdict) === undefined);
  const measured = verdicts.filter(({ verdict }) => verdict !== 'not measured');
  return {
    unexplained: unlisted.filter(({ isNearBound }) => !isNearBound),
    undecided: unlisted.filter(({ isNearBound }) => isNearBound),
    explained: failed.flatMap((verdict) => {
      const entry = entryOf(verdict);
      return entry === undefined ? [] : [{ verdict, known: entry }];
    }),
    outdated: known.filter(
      ({ id }) =>
        measured.some((verdict) => verdict.id === id) && !failed.some((verdict) => verdict.id === id),
    ),
  };
};
