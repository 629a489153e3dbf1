import { gigabitTrial, tried } from '#harness/conformance/trial';
import type { Trial, TrialOptions } from '#harness/conformance/trial';
import type { SimulatedMigration } from '#harness/simulation/simulate';
import type { TransferStrategy } from '#hosts/ports';
import { strategyNamed } from '#catalogue/strategies';

/** What tests request of a migration in virtual time. */
export interface TriedMigration extends SimulatedMigration {
  /** Every message of pages: when it was written, and its bytes. */
  sends: { atMs: number; bytes: number }[];
  activeAtMs: number;
  pausedAtMs: number;
  resumedAtMs: number;
  endedAtMs: number;
  sentPages: number;
  faultCount: number;
  rounds: number;
}

export const triedStrategy = async (
  strategy: TransferStrategy,
  change: Partial<Trial> = {},
  options: TrialOptions = {},
): Promise<TriedMigration> => {
  const sends: { atMs: number; bytes: number }[] = [];
  const migration = await tried(
    strategy,
    { ...gigabitTrial, ...change },
    {
      tap: (atMs, stream, message) => {
        if (stream.startsWith('pages')) sends.push({ atMs, bytes: message.length });
      },
      ...options,
    },
  );
  const { source, destination } = migration;
  const { ram, encodedPages, timeline } = source;
  const encoded = Object.values(encodedPages).reduce((sum, pages) => sum + pages, 0);
  return {
    ...migration,
    sends,
    activeAtMs: timeline.activeAtMs ?? Number.NaN,
    pausedAtMs: timeline.lastInstructionAtMs ?? Number.NaN,
    resumedAtMs: destination.timeline.firstInstructionAtMs ?? Number.NaN,
    endedAtMs: timeline.endedAtMs,
    sentPages: ram.normal + ram.duplicate + encoded,
    faultCount: destination.faults.count,
    rounds: migration.events.filter(({ type }) => type === 'round').length,
  };
};

export const triedNamed = (
  name: string,
  change?: Partial<Trial>,
  options?: TrialOptions,
): Promise<TriedMigration> => triedStrategy(strategyNamed(name), change, options);

/** What a migration must show after moving its guest. */
export const movedWhole = {
  guestAt: 'destination',
  source: { status: 'completed', error: null },
  destination: { status: 'completed', error: null, duplicateArrivals: 0 },
  verified: { mismatches: 0, staleReads: 0 },
} as const;
