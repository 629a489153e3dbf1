import type { RunResult } from '../result.ts';
import { judgeCheck, withoutRuns } from './judge-check.ts';
import { setUpsOf } from './set-ups.ts';
import type { JudgeOptions, Study } from './study.ts';
import type { TrendVerdict } from './verdict.ts';

export type { TrendVerdict, VerdictName } from './verdict.ts';

/**
 * Judges the studies' trends on runs of sweeps: every check on every set-up (backend, driver, κ_M) that has runs of its
 * experiment, in the order of the trends. Runs outside sweeps are ignored.
 */
export const judge = (
  runs: readonly RunResult[],
  studies: readonly Study[],
  { accounting = 'payload' }: Partial<JudgeOptions> = {},
): TrendVerdict[] =>
  studies.flatMap((study) => {
    const setUps = setUpsOf(runs, study.name);
    return study.trends.flatMap((trend) =>
      trend.checks.flatMap((check) =>
        setUps.length === 0
          ? [withoutRuns(study, trend, check)]
          : setUps.map((setUp) => judgeCheck({ study, trend, check }, setUp, { accounting })),
      ),
    );
  });
