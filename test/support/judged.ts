import { setUpsOf } from '#harness/trends/set-ups';
import { judge } from '#harness/trends/index';
import { judgeCheck } from '#harness/trends/judge-check';
import type { TrendVerdict, VerdictName } from '#harness/trends/verdict';
import { checkOf, studies } from './studies.ts';
import type { PaperRun } from './trend-runs.ts';
import { trendRun } from './trend-runs.ts';

/** The verdicts of the project's checks on synthetic runs, by id. */
export const judged = (runs: readonly PaperRun[]): Map<string, TrendVerdict> =>
  new Map(judge(runs.map(trendRun), studies).map((verdict) => [verdict.id, verdict]));

/** Only one check, which is much quicker. */
export const judgedOne = (runs: readonly PaperRun[], id: string): TrendVerdict => {
  const of = checkOf(id);
  const [setUp] = setUpsOf(runs.map(trendRun), of.study.name);
  return judgeCheck(of, setUp!, { accounting: 'payload' });
};

export const idsWith = (runs: readonly PaperRun[], name: VerdictName): string[] =>
  [...judged(runs)].filter(([, { verdict }]) => verdict === name).map(([id]) => id);
