import type { Limits } from '#catalogue/common-limits';
import type { PageSet } from './guest/page-set.ts';

/**
 * All that a strategy sees of the world: ports, but no sockets, timers or globals. The same strategy runs in an agent
 * over a real link and in virtual time on a simulated one.
 */
export interface TransferStrategy {
  readonly name: string;
  readonly traits?: StrategyTraits;
  /**
   * Moves the guest. Resolves when it runs at the destination and every page is there.
   * @throws LivemigError NOT_CONVERGED, or whatever broke; the session then lets the guest run on at the source if
   *   it has not been resumed at the destination.
   */
  migrate(session: MigrationSession, signal: AbortSignal): Promise<void>;
}

/**
 * What a strategy does without. A switch that would have no effect on it is refused, as the result would name an
 * experiment that was not made. Traits that are not stated count as present, so nothing is refused for them.
 */
export interface StrategyTraits {
  /** Whether a page may be sent a second time before the switchover; a text says why not. */
  readonly rounds?: (limits: Limits) => true | string;
  /** False: the guest stands still from the first page on. */
  readonly live?: boolean;
  /** False: no page is sent before the switchover. */
  readonly precopy?: boolean;
  /** False: the guest runs nowhere before all its pages are there. */
  readonly postcopy?: boolean;
  /** False: it ends by itself, and `limits.convergence` has no effect. */
  readonly stopRule?: boolean;
  /** Why it can't work, or needn't work, without a dirty bitmap. */
  readonly noDirtyBitmap?: string;
}

export interface MigrationSession {
  readonly guest: GuestControl;
  readonly memory: DirtyTracker;
  readonly pages: PageSender;
  readonly destination: DestinationControl;
  readonly faults: FaultService;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Report that a round has ended; the session computes durations and rates. */
  roundEnded(pagesDirtied: number): void;
}

export interface GuestControl {
  /** What `sendDeviceState` will send, in bytes: it follows the last pages, and counts against the downtime limit. */
  readonly deviceStateBytes: number;
  /** Stop the guest at the source: downtime begins. */
  pause(): Promise<void>;
  /** For negative controls: the vCPUs stop, but a shared disk's requests go on, by the lease that the source keeps. */
  pauseVcpus?(): Promise<void>;
}

export interface DirtyTracker {
  readonly pageCount: number;
  /** Bytes of a set's pages in the guest; page sizes differ by region (hosts/block-space.ts). */
  bytesOf(pages: PageSet): number;
  /** An empty set of this guest's size. */
  noPages(): PageSet;
  /**
   * Bitmap sync: pages dirtied since the last one. The first sync returns every page; so do all others if nothing is
   * known of what was dirtied (`transfer.dirtyBitmap` false; a disk has its own bitmap, always).
   */
  sync(): PageSet;
  /** Whether a page has been dirtied since the last sync. */
  isDirty(page: number): boolean;
  /** Whether a page is all zeros just now. */
  isZero(page: number): boolean;
  /**
   * Those of a set that must be at the destination before the guest runs there, whatever the strategy: a disk's blocks
   * (QEMU: must_precopy).
   */
  mustPrecopy(pages: PageSet): PageSet;
  /** The page to begin a pass with: a disk's first block, so that the disk goes before the memory; 0 without one. */
  readonly firstToSend: number;
}

export interface PageSender {
  /**
   * Takes one batch out of `pages`, ascending from page `from` and wrapping around, and sends it. Resolves when it is
   * on its way and there is room for the next, with the page to continue from.
   * @param skip pages that are taken out but not sent.
   */
  sendBatch(pages: PageSet, from: number, skip?: (page: number) => boolean): Promise<number>;
  /** Resolves when everything sent so far is in the destination's memory; the link idles for a round trip. */
  barrier(): Promise<void>;
  /** Resolves when what is sent next can't overtake what was sent so far: at once with one channel. */
  fence(): Promise<void>;
  /** Bytes handed to the link so far. */
  readonly sentBytes: number;
  /** Bytes of these that the destination has confirmed. */
  readonly confirmedBytes: number;
  /** Pages sent so far, zero pages included. */
  readonly sentPages: number;
}

export interface DestinationControl {
  /** Before the guest is stopped: opens the link's congestion window far enough for the device state. */
  prime(): Promise<void>;
  /** Pages that the destination holds a stale copy of. */
  discard(pages: PageSet): Promise<void>;
  sendDeviceState(): Promise<void>;
  /**
   * Let the guest run at the destination: with `complete` memory once everything sent is there, with `postcopy` at
   * once. Resolves as soon as pages may follow the order; `complete` includes that it was obeyed.
   */
  resume(mode: 'complete' | 'postcopy'): Promise<void>;
  /** Resolves when the destination has confirmed that every page is there. */
  complete(): Promise<void>;
}

export interface FaultService {
  /** From now on demand faults are answered out of `unsent`; what is not in it is dropped as late. */
  serve(unsent: PageSet): void;
  /**
   * Where the push continues, or null: at the newest fault since the last call; if faults block the push, at the oldest
   * unanswered one.
   */
  take(): number | null;
  /**
   * Faults are answered by the push alone: a batch from the faulted page on, and nothing more until the destination has
   * confirmed it (`transfer.faults` blocking).
   */
  readonly blocksPush: boolean;
}

export interface Clock {
  nowMs(): number;
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}
