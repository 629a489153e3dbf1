import type { BootedGuestOptions } from './booted-guest.ts';
import { withBootedGuest } from './booted-guest.ts';
import type { DirtyHistory } from './prediction/history.ts';
import { beginLoad, endLoad } from './run/load.ts';
import { pass } from './run/migration.ts';
import { recordDirtying } from './run/recording.ts';
import type { Scenario } from './scenario.ts';

/** What is recorded, beyond the scenario. */
export interface RecordingPlan {
  durationMs: number;
  intervalMs: number;
}

/**
 * Brings up a scenario's testbed, calibrates its link, boots its guest, and records which pages it dirties. Nothing is
 * migrated.
 * @throws LivemigError what kept the guest from being recorded
 */
export const recordHistory = async (
  scenario: Scenario,
  { durationMs, intervalMs }: RecordingPlan,
  options: BootedGuestOptions = {},
): Promise<DirtyHistory> =>
  withBootedGuest(scenario, options, async (run) => {
    // A service dirties what its requests make it write.
    if (scenario.load !== undefined) await beginLoad(run, scenario.load);
    await pass(run, scenario.warmupMs);
    run.enter('warm-up', `recording for ${durationMs / 1000} s`);
    const recording = await recordDirtying(run, intervalMs);
    await pass(run, durationMs);
    const history = await recording.stop();
    if (scenario.load !== undefined) await endLoad(run, scenario.load);
    run.loan.keep();
    return history;
  });
