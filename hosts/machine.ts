import type { DiskIoReport } from '#proto/control';
import type { GuestConfig } from '#proto/guest';
import type { FaultRecord } from './guest/fault-record.ts';
import type { GuestMemory } from './guest/memory.ts';
import type { Compared, Region } from './region.ts';

/** How a migration steers the requests of a guest's disk. */
export interface DiskControl {
  /**
   * From now on each write is reported by its block, and is in flight until acknowledged. Its block is also marked dirty.
   * @param onWrite null = stop reporting: the writes in flight count as done.
   * @param inFlightMost of them; `diskQueueDepth` at most, and by default
   */
  mirror(onWrite: ((block: number) => void) | null, inFlightMost?: number): void;
  /** This many of the reported writes, the oldest first, are done. */
  acknowledge(writes: number): void;
  /** A block is taken care of: bitmap syncs need not find it dirty. */
  clean(block: number): void;
}

/** A disk that stays where it is while its guest moves. The hypervisor whose guest runs holds its lease. */
export interface LeasedDisk extends Compared {
  /**
   * QEMU's bdrv_activate. A lost connection is waited for, for a bounded time.
   * @throws LivemigError CONNECTION_LOST and others of the storage
   */
  acquire(): Promise<void>;
  /** QEMU's bdrv_inactivate, when no request is under way. @throws LivemigError */
  release(): Promise<void>;
  /** The versions that sectors hold there, -1 = none. @throws LivemigError */
  readVersions(first: number, count: number): Promise<ArrayLike<number>>;
  readonly report: DiskIoReport;
}

/** The most requests that a guest's disk has in flight. */
export const diskQueueDepth = 32;

/**
 * What a migration needs of a guest on one host. Its threads run in real time (guest/guest.ts), or its vCPUs are events of
 * virtual time (simulation/model-guest.ts). Moments are of the migration's clock.
 */
export interface Machine {
  readonly config: GuestConfig;
  readonly memory: GuestMemory;
  /** All of its state that travels in blocks; RAM comes first. */
  readonly regions: readonly Region[];
  /** Null = it has no disk that travels. */
  readonly disk: DiskControl | null;
  /** Null = it has none that stays. */
  readonly leasedDisk: LeasedDisk | null;
  /** Called for every block that a thread of the guest waits for, with its global number (block-space.ts). */
  onFault: (block: number, vcpu: number) => void;
  readonly isRunning: boolean;
  /** When the first vCPU ran its first instruction here, in ms; null = none has. */
  readonly firstInstructionAtMs: number | null;
  /** When the last vCPU ran its last instruction here, in ms; now, while the guest runs; null before it ever ran. */
  readonly lastInstructionAtMs: number | null;
  /** Time that throttling has taken from the vCPUs here, summed over vCPUs, in ms. */
  readonly throttledMs: number;
  readonly faults: FaultRecord;
  /**
   * The paused guest's state with its SHA-256. The buffer belongs to the machine: the next save changes it.
   * @throws LivemigError ILLEGAL_PHASE for a guest booted as a destination: its state has not arrived yet.
   */
  saveDeviceState(): { state: Buffer; digest: Buffer };
  /** Restores the registers, the end of a device state. */
  loadRegisters(registers: Buffer): void;
  /** Lets every vCPU run. */
  resume(): void;
  /**
   * Stops every vCPU at an instruction boundary; resolves when all are out of the guest, and no request of its disk is in
   * flight.
   * @param drains false (negative controls): a disk that stays goes on with its requests
   * @throws LivemigError TIMEOUT when a vCPU stays blocked on a missing page.
   */
  pause(drains?: boolean): Promise<void>;
  /** Takes this share of their time from the vCPUs, in percent (QEMU's cpu_throttle_set). */
  throttle(percent: number): void;
  /** Wakes the threads that wait for a block that has arrived. */
  wakeWaiters(): void;
}
