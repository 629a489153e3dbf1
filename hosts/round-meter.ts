import type { AgentEvent } from '#proto/events';
import type { MigrationClock } from './clock.ts';
import type { LinkPageSender } from './transfer/page-sender.ts';

const mbps = (bytes: number, ms: number): number => (ms > 0 ? (bytes * 8) / ms / 1000 : 0);

/** Turns the sender's counters into round and progress events. */
export class RoundMeter {
  static readonly progressIntervalMs = 100;
  readonly #clock: MigrationClock;
  readonly #sender: LinkPageSender;
  readonly #emit: (event: AgentEvent) => void;
  #round = 0;
  #roundFrom: { atMs: number; bytes: number; confirmedBytes: number; pages: number };
  #tickFrom: { atMs: number; bytes: number };
  #mbps: number | null = null;
  #dirtyPagesRate: number | null = null;

  constructor(clock: MigrationClock, sender: LinkPageSender, emit: (event: AgentEvent) => void) {
    this.#clock = clock;
    this.#sender = sender;
    this.#emit = emit;
    this.#roundFrom = { atMs: this.#clock.nowMs(), bytes: 0, confirmedBytes: 0, pages: 0 };
    this.#tickFrom = { atMs: this.#clock.nowMs(), bytes: 0 };
  }

  /** Over the last interval; null before the first has passed. */
  get mbps(): number | null {
    return this.#mbps;
  }

  /** In pages per second, over the last round of pre-copy; null before the first has ended. */
  get dirtyPagesRate(): number | null {
    return this.#dirtyPagesRate;
  }

  /** The first round and the first interval begin now. */
  begin(): void {
    this.phaseChanged();
    this.#tickFrom = { atMs: this.#clock.nowMs(), bytes: 0 };
  }

  /** Pages sent before this phase belong to another round. */
  phaseChanged(): void {
    const { transferredBytes, confirmedBytes, sentPages } = this.#sender;
    this.#roundFrom = {
      atMs: this.#clock.nowMs(),
      bytes: transferredBytes,
      confirmedBytes,
      pages: sentPages,
    };
  }

  roundEnded(pagesDirtied: number): void {
    const { transferredBytes, confirmedBytes, sentPages, phase } = this.#sender;
    const atMs = this.#clock.nowMs();
    const durationMs = atMs - this.#roundFrom.atMs;
    const bytesSent = transferredBytes - this.#roundFrom.bytes;
    const dirtyPagesPerSecond = durationMs > 0 ? (pagesDirtied * 1000) / durationMs : 0;
    // Once the guest has left, what it dirties isn't seen.
    if (phase === 'precopy') this.#dirtyPagesRate = dirtyPagesPerSecond;
    this.#emit({
      type: 'round',
      atMs,
      round: ++this.#round,
      phase,
      durationMs,
      pagesSent: sentPages - this.#roundFrom.pages,
      bytesSent,
      pagesDirtied,
      dirtyPagesPerSecond,
      // Counts what has arrived: what was handed over may still be in a socket buffer.
      throughputMbps: mbps(confirmedBytes - this.#roundFrom.confirmedBytes, durationMs),
    });
    this.#roundFrom = { atMs, bytes: transferredBytes, confirmedBytes, pages: sentPages };
  }

  tick(): void {
    const { transferredBytes, remainingBytes, confirmedBytes } = this.#sender;
    const atMs = this.#clock.nowMs();
    const throughputMbps = mbps(confirmedBytes - this.#tickFrom.bytes, atMs - this.#tickFrom.atMs);
    this.#mbps = throughputMbps;
    this.#emit({ type: 'progress', atMs, transferredBytes, remainingBytes, throughputMbps });
    this.#tickFrom = { atMs, bytes: confirmedBytes };
  }
}
