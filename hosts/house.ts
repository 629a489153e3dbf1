import type { AdjustableLimits } from '#catalogue/limits';
import type {
  ArgumentOf,
  ControlHandlers,
  DestinationReport,
  DiskIoReport,
  GuestInfo,
  MigrateArguments,
  MigrationInfo,
  SourceReport,
  VerifyReport,
} from '#proto/control';
import type { AgentEvent } from '#proto/events';
import type { GuestConfig, GuestSample } from '#proto/guest';
import type { StorageAddress } from '#proto/storage';
import type { MigrationStatus, SwitchoverOrder, TransferSizes } from '#proto/strategy';
import type { MigrationClock } from './clock.ts';
import type { RecordedDirtying } from './guest/dirty-recorder.ts';

/** How an outgoing migration is steered: QEMU's commands. Each may be refused with a LivemigError. */
interface Steering {
  readonly status: MigrationStatus;
  /** Once it may run there it must never run at the source again. */
  readonly mayRunAtDestination: boolean;
  setParameters(changed: Partial<AdjustableLimits>): void | Promise<void>;
  cancel(): void | Promise<void>;
  continue(): void | Promise<void>;
  orderSwitchover(order: SwitchoverOrder): void | Promise<void>;
}

/** The source's part in one migration. */
export interface Outgoing {
  readonly control: Steering;
  /** How far it is. */
  readonly info: MigrationInfo;
  /** Other windows and message sizes from now on: its link has changed. */
  resize(sizes: TransferSizes): void;
  /** Runs it to its end. Never rejects: the report says what happened. */
  run(stopSignal: AbortSignal): Promise<SourceReport>;
}

/** The destination's part in one migration. */
export interface Incoming {
  /** Takes part to its end. Never rejects: the report says what happened. */
  run(stopSignal: AbortSignal): Promise<DestinationReport>;
}

/** Which pages a guest dirties, recorded until it is stopped. */
export interface DirtyRecording {
  stop(): RecordedDirtying;
  close(): void;
}

/** A guest of whatever hypervisor, with what its host does to it. */
export interface HostedGuest {
  readonly isRunning: boolean;
  sample(): GuestSample;
  resume(): void | Promise<void>;
  pause(): Promise<void>;
  /** Stops it and gives back what it holds. */
  destroy(): void | Promise<void>;
  recordDirtying(intervalMs: number): DirtyRecording;
  /** What only the source of a stopped guest knows: the newest version of each unit that is compared. */
  ledger(): Promise<{ ledger: Buffer; diskIo?: DiskIoReport }>;
  /** Compares a stopped guest with the source's ledger. @throws LivemigError BAD_INPUT for one of another guest */
  verify(ledger: Buffer): Promise<VerifyReport>;
  outgoing(migration: MigrateArguments, emit: (event: AgentEvent) => void): Outgoing;
  incoming(migration: ArgumentOf<'migrateIncoming'>, emit: (event: AgentEvent) => void): Incoming;
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
  /**
   * A guest whose vCPUs stand still; at the destination one that waits for its migration.
   * @param address the guest's own, which is announced when it runs here after a migration
   * @param storage where its disk stays
   */
  boot(
    config: GuestConfig,
    address: string,
    storage: StorageAddress | undefined,
  ): Promise<[HostedGuest, GuestInfo]>;
}
