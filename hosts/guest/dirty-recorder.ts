import {
  dirtyBlobMaxBytes,
  dirtyIntervalMaxMs,
  dirtyIntervalsMax,
  encodeDirtyInterval,
} from '#proto/dirty-history';
import type { Cancel, MigrationClock } from '../clock.ts';
import { every } from '../clock.ts';
import type { Machine } from '../machine.ts';
import type { PageSet } from './page-set.ts';

/** What was recorded. */
export interface RecordedDirtying {
  intervals: number;
  /** It ended before it was stopped: more would not have fitted into one answer. */
  full: boolean;
  /** `decodeDirtyIntervals` of proto/dirty-history.ts. */
  blob: Buffer;
}

/**
 * Records which pages a guest dirties, interval by interval, until it is stopped or the guest no longer runs. It reads
 * a log of its own (`GuestMemory.drainLog`): neither it nor a migration's syncs affect the other.
 */
export class DirtyRecorder {
  readonly #machine: Machine;
  readonly #clock: MigrationClock;
  readonly #end: Cancel;
  readonly #chunks: Buffer[] = [];
  #sinceMs: number;
  #bytes = 0;
  #full = false;
  #isOver = false;

  constructor(machine: Machine, intervalMs: number, clock: MigrationClock) {
    this.#machine = machine;
    this.#clock = clock;
    machine.memory.drainLog();
    machine.memory.logsWrites = true;
    this.#sinceMs = clock.nowMs();
    this.#end = every(clock, intervalMs, () => {
      this.#record();
    });
  }

  /** The last interval is what has been dirtied since the one before. */
  stop(): RecordedDirtying {
    this.#record();
    this.close();
    return { intervals: this.#chunks.length, full: this.#full, blob: Buffer.concat(this.#chunks) };
  }

  close(): void {
    this.#isOver = true;
    this.#end();
    this.#machine.memory.logsWrites = false;
  }

  #record(): void {
    if (this.#isOver) return;
    const nowMs = this.#clock.nowMs();
    const durationMs = Math.min(dirtyIntervalMaxMs, nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
    this.#add(durationMs, this.#machine.memory.drainLog());
    // What comes after its last instruction here is no part of its history.
    if (this.#full || !this.#machine.isRunning) this.close();
  }

  #add(durationMs: number, pages: PageSet): void {
    if (durationMs <= 0 && pages.count === 0) return;
    const { pairs: runs } = pages.runPairs(0, Number.POSITIVE_INFINITY);
    const chunk = encodeDirtyInterval({ durationMs, runs });
    this.#full = this.#bytes + chunk.length > dirtyBlobMaxBytes || this.#chunks.length === dirtyIntervalsMax;
    if (this.#full) return;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
  }
}
