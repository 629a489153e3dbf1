import type { KnownFailure } from '../../harness/trends/known-failures.ts';
import { knownFailures, sortFailures } from '../../harness/trends/known-failures.ts';
import type { TrendVerdict } from '../../harness/trends/index.ts';
import type { Tally } from './tally.ts';

const nameOf = ({ id, statement }: TrendVerdict): string => `trends: ${id}: ${statement}`;

/**
 * Each check of the trends counts as a test. One that fails with its whole confidence interval is red unless its reason
 * was measured and is listed (harness/trends/known-failures.json); then, and where its interval reaches over the bound,
 * or it is contested or could not be measured, it is shown as skipped with that reason: it has not passed. Pure.
 */
export const tallyOfTrends = (
  verdicts: readonly TrendVerdict[],
  known: readonly KnownFailure[] = knownFailures,
): Tally => {
  const { unexplained, undecided, explained } = sortFailures(verdicts, known);
  const figures = ({ measured, tolerance }: TrendVerdict): string =>
    `measured ${measured}, expected ${tolerance}`;
  const unjudged = verdicts.filter(({ verdict }) => verdict === 'contested' || verdict === 'not measured');
  return {
    passed: verdicts.filter(({ verdict }) => verdict === 'holds').length,
    failures: unexplained.map((verdict) => `${nameOf(verdict)}: ${figures(verdict)}`),
    skipped: [
      ...explained.map(
        ({ verdict, known: { on, reason } }) => `${nameOf(verdict)}: known to fail since ${on}: ${reason}`,
      ),
      ...undecided.map((verdict) => `${nameOf(verdict)}: undecided: ${figures(verdict)}`),
      ...unjudged.map((verdict) => `${nameOf(verdict)}: ${verdict.verdict}: ${verdict.explanation ?? ''}`),
    ],
  };
};
