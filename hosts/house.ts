import type { ArgumentOf, ControlHandlers, GuestInfo, MigrateArguments } from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { GuestConfig, GuestSample } from '#proto/guest';
import type { MigrationClock } from './clock.ts';
import type { IncomingMigration } from './incoming.ts';
import type { Machine } from './machine.ts';
import type { OutgoingMigration } from './outgoing.ts';
import type { StorageAddress } from '#proto/storage';

/** A machine, with what its host does to it apart from migrations. */
export interface HousedMachine extends Machine {
  sample(): GuestSample;
  /** Stops it and gives back what it holds. */
  destroy(): void | Promise<void>;
}

/** The probes' methods of one host. `close` ends the servers and every probe under way. */
export interface Probes {
  handlers: Required<Pick<ControlHandlers, 'probeServe' | 'probeRtt' | 'probeThroughput'>>;
  close: () => Promise<void>;
}

/** The methods by which a host is kept busy beside the migration. */
export interface HostLoad {
  handlers: Required<Pick<ControlHandlers, 'startBurners' | 'stopBurners'>>;
  close: () => Promise<void>;
}

/** The methods by which a host takes part in traffic beside the migration. */
export interface Traffic {
  handlers: Required<Pick<ControlHandlers, 'startTraffic' | 'stopTraffic'>>;
  close: () => Promise<void>;
}

/**
 * What a hypervisor is built on: threads, sockets and the machine's clock (real-house.ts), or models in virtual time
 * (simulation/model-house.ts).
 */
export interface House {
  readonly clock: MigrationClock;
  probes(): Probes;
  traffic(): Traffic;
  load(): HostLoad;
  /** Lays out the guest's memory, and fills it at the source; its vCPUs stand still. @param address the guest's own @param storage where its disk stays */
  boot(
    config: GuestConfig,
    address: string,
    storage: StorageAddress | undefined,
  ): Promise<[HousedMachine, GuestInfo]>;
  outgoing(
    machine: Machine,
    migration: MigrateArguments,
    emit: (event: AgentEvent) => void,
  ): OutgoingMigration;
  /** @param guestAddress the guest's own, which is announced when it runs here. */
  incoming(
    machine: Machine,
    guestAddress: string,
    migration: ArgumentOf<'migrateIncoming'>,
  ): IncomingMigration;
}
