import type { Limits } from '../proto/strategy.ts';
import type { PageSet } from './guest/page-set.ts';

/**
 * What a strategy sees of the world: ports, no sockets, timers or globals. The same strategy runs in an agent over a
 * real link and in virtual time on a simulated one.
 */
export interface TransferStrategy {
  readonly name: string;
  /**
   * Moves the guest. Resolves when it runs at the destination and every page is there.
   * @throws LivemigError NOT_CONVERGED, or whatever broke; the session then lets the guest run on at the source if
   *   it has not been resumed at the destination.
   */
  migrate(session: MigrationSession, signal: AbortSignal): Promise<void>;
}

export interface MigrationSession {
  readonly guest: GuestControl;
  readonly memory: DirtyTracker;
  readonly pages: PageSender;
  readonly destination: DestinationControl;
  readonly faults: FaultService;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Tell that a round has ended; durations and rates are the session's to compute. */
  roundEnded(pagesDirtied: number): void;
}

export interface GuestControl {
  /** What `sendDeviceState` will send, in bytes: it follows the last pages, and counts against the downtime limit. */
  readonly deviceStateBytes: number;
  /** Stop the guest at the source: downtime begins. */
  pause(): Promise<void>;
}

export interface DirtyTracker {
  readonly pageCount: number;
  readonly pageSizeBytes: number;
  /** An empty set of this guest's size. */
  noPages(): PageSet;
  /**
   * Bitmap sync: pages dirtied since the last one. The first sync returns every page; so do all others where nothing is
   * known of what was dirtied (`transfer.dirtyBitmap` false).
   */
  sync(): PageSet;
  /** Whether a page has been dirtied since the last sync. */
  isDirty(page: number): boolean;
}

export interface PageSender {
  /**
   * Takes one batch out of `pages`, ascending from page `from` and wrapping around, and sends it. Resolves when it is
   * on its way and there is room for the next, with the page to go on from.
   * @param skip pages that are taken out but not sent.
   */
  sendBatch(pages: PageSet, from: number, skip?: (page: number) => boolean): Promise<number>;
  /** Resolves when everything sent so far is in the destination's memory: costs a round trip of idle link. */
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
  /** Before the guest is stopped: open the link's congestion window for as many bytes as the device state has. */
  prime(): Promise<void>;
  /** Pages that the destination holds a stale copy of. */
  discard(pages: PageSet): Promise<void>;
  sendDeviceState(): Promise<void>;
  /**
   * Let the guest run at the destination: with `complete` memory once everything sent is there, with `postcopy` at
   * once. Resolves as soon as pages may follow the order; that it was obeyed is part of `complete`.
   */
  resume(mode: 'complete' | 'postcopy'): Promise<void>;
  /** Resolves when the destination has confirmed that every page is there. */
  complete(): Promise<void>;
}

export interface FaultService {
  /** From now on demand faults are answered out of `unsent`; what is not in it is dropped as late. */
  serve(unsent: PageSet): void;
  /**
   * Where the push goes on, or null: at the newest fault since the last call; where faults block the push, at the
   * oldest one that has not been answered.
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
