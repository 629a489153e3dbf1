import { loadProfile } from './profiles.ts';
import type { RunOptions } from './run.ts';
import { inTestbed } from './run.ts';
import { unlessLost } from './run/clients.ts';
import type { Run } from './run/context.ts';
import { identityOf } from './run/identity.ts';
import { calibrateLink } from './run/link.ts';
import { bootGuest } from './run/migration.ts';
import { startRecord } from './run/record.ts';
import type { Scenario } from './scenario.ts';

export type BootedGuestOptions = Pick<RunOptions, 'signal' | 'events' | 'driver' | 'testbeds'>;

/**
 * Brings up a scenario's testbed, calibrates its link, boots its guest, and enters the warm-up. Nothing is migrated.
 * @throws LivemigError what kept the guest from booting, or what `work` throws
 */
export const withBootedGuest = <T>(
  scenario: Scenario,
  options: BootedGuestOptions,
  work: (run: Run) => Promise<T>,
): Promise<T> => {
  const signal = options.signal ?? new AbortController().signal;
  const record = startRecord(
    scenario,
    null,
    identityOf(scenario, null, options.driver?.name ?? scenario.driver),
  );
  const profile = loadProfile(scenario.link);
  record.link.definition = profile;
  return inTestbed(record, profile, options, signal, async (run) => {
    const begun = (async () => {
      await calibrateLink(run, run.loan);
      run.enter('boot', scenario.workload.name);
      for (const guest of run.guests) await bootGuest(run, guest);
    })();
    await unlessLost(begun, run.clients);
    run.enter('warm-up');
    return work(run);
  });
};
