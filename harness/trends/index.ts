import type { RunResult } from '../result.ts';
import { settingsOf } from './cells.ts';
import type { JudgeOptions, Trend } from './check.ts';
import { trend1 } from './checks/trend-1-linear.ts';
import { trend2 } from './checks/trend-2-bytes-per-byte.ts';
import { trend3 } from './checks/trend-3-slope-ratio.ts';
import { trend4 } from './checks/trend-4-speed-up.ts';
import { trend5 } from './checks/trend-5-downtime.ts';
import { trend6 } from './checks/trend-6-convergence.ts';
import { trend7 } from './checks/trend-7-flavours.ts';
import { trend8 } from './checks/trend-8-distance.ts';
import { trend9 } from './checks/trend-9-wan-downtime.ts';
import { trend10 } from './checks/trend-10-goodput.ts';
import { trend11 } from './checks/trend-11-contested-data.ts';
import { judgeCheck, withoutRuns } from './judge-check.ts';
import type { TrendVerdict } from './verdict.ts';

export type { Estimate, TrendVerdict, VerdictName } from './verdict.ts';
export { verdictNames } from './verdict.ts';

export const trends: readonly Trend[] = [
  trend1,
  trend2,
  trend3,
  trend4,
  trend5,
  trend6,
  trend7,
  trend8,
  trend9,
  trend10,
  trend11,
];

/**
 * Holds the documents' trends against runs of sweeps: every check on every set-up (backend, driver, κ_M) that has runs
 * of its experiment, in the order of the trends. Runs of no sweep say nothing here.
 */
export const judge = (
  runs: readonly RunResult[],
  { accounting = 'payload' }: Partial<JudgeOptions> = {},
): TrendVerdict[] =>
  trends.flatMap((trend) => {
    const settings = settingsOf(runs, trend.experiment);
    return trend.checks.flatMap((check) =>
      settings.length === 0
        ? [withoutRuns(trend, check)]
        : settings.map((setting) => judgeCheck(trend, check, setting, { accounting })),
    );
  });
