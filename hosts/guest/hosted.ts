import { LivemigError } from '#proto/errors';
import type { GuestSample } from '#proto/guest';
import type { ArgumentOf, MigrateArguments } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { MigrationClock } from '../clock.ts';
import type { HostedGuest, Incoming, Outgoing } from '../house.ts';
import type { Machine } from '../machine.ts';
import { DirtyRecorder } from './dirty-recorder.ts';
import { ledgerOf, unitsOf, verifyMemory } from './verify.ts';

/** A machine of livemig's own, apart from migrations. */
export interface EmulatedMachine extends Machine {
  sample(): GuestSample;
  /** Stops it and gives back what it holds. */
  destroy(): void | Promise<void>;
}

/** What moves it, and the time by which that happens. */
export interface Movers {
  clock: MigrationClock;
  outgoing: (machine: Machine, migration: MigrateArguments, emit: (event: AgentEvent) => void) => Outgoing;
  incoming: (
    machine: Machine,
    migration: ArgumentOf<'migrateIncoming'>,
    emit: (event: AgentEvent) => void,
  ) => Incoming;
}

/** A guest on livemig's own emulator, whose every page and sector is compared from outside. */
export const hosted = (machine: EmulatedMachine, { clock, outgoing, incoming }: Movers): HostedGuest => ({
  get isRunning() {
    return machine.isRunning;
  },
  sample: () => machine.sample(),
  resume: () => {
    machine.resume();
  },
  pause: () => machine.pause(),
  destroy: () => machine.destroy(),
  recordDirtying: (intervalMs) => new DirtyRecorder(machine, intervalMs, clock),
  ledger: async () => {
    const io = machine.leasedDisk?.report;
    return { ledger: ledgerOf(machine), ...(io === undefined ? {} : { diskIo: io }) };
  },
  verify: async (ledger) => {
    const versions = unitsOf(machine);
    if (ledger.length !== versions * 4) {
      const problem = `verify: expected a ledger of ${versions} versions, got ${ledger.length} bytes`;
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    }
    // A pass over memory is this process's work: it takes no virtual time.
    return clock.during(verifyMemory(machine, ledger), 0);
  },
  outgoing: (migration, emit) => outgoing(machine, migration, emit),
  incoming: (migration, emit) => incoming(machine, migration, emit),
});
