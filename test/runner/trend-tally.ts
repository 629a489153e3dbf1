import { sortFailures } from '#harness/trends/known-failures';
import type { TrendVerdict } from '#harness/trends/index';
import { wordOf } from '#harness/trends/verdict';
import type { Study } from '#harness/trends/study';
import type { Tally } from './tally.ts';

const nameOf = ({ id, statement }: TrendVerdict, driver: string): string =>
  `trends${driver === 'netns' ? '' : ` (${driver})`}: ${id}: ${statement}`;

/**
 * Each check of the trends counts as a test. One that fails with its whole confidence interval is red, unless its
 * reason was measured and is listed (known-failures.json of its study). A listed failure, one whose interval crosses
 * the bound, and a check that is contested or could not be measured are shown as skipped with the reason: they have not
 * passed. Pure.
 */
export const tallyOfTrends = (
  verdicts: readonly TrendVerdict[],
  studies: readonly Pick<Study, 'name' | 'knownFailures'>[],
  driver = 'netns',
): Tally => {
  const named = (verdict: TrendVerdict): string => nameOf(verdict, driver);
  const { unexplained, undecided, explained } = sortFailures(verdicts, studies);
  const figures = ({ measured, tolerance, busiestCell }: TrendVerdict): string => {
    const busy =
      busiestCell === null
        ? ''
        : `; the machine was ${(busiestCell.machineBusyShare * 100).toFixed(0)} % busy at ${busiestCell.cell}`;
    return `measured ${measured}, expected ${tolerance}${busy}`;
  };
  const unjudged = verdicts.filter(({ verdict }) => verdict === 'contested' || verdict === 'not measured');
  return {
    passed: verdicts.filter((verdict) => ['holds', 'holds in era'].includes(wordOf(verdict))).length,
    failures: unexplained.map((verdict) => `${named(verdict)}: ${figures(verdict)}`),
    skipped: [
      ...explained.map(
        ({ verdict, known: { on, reason, machineBusyAtLeast } }) =>
          `${named(verdict)}: known to fail since ${on}: ${reason}` +
          (machineBusyAtLeast === undefined ? '' : ` Here: ${figures(verdict)}.`),
      ),
      ...undecided.map((verdict) => `${named(verdict)}: undecided: ${figures(verdict)}`),
      ...unjudged.map((verdict) => `${named(verdict)}: ${verdict.verdict}: ${verdict.explanation ?? ''}`),
    ],
  };
};
