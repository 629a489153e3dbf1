import type { AgentEvent } from '../proto/events.ts';
import { monotonicMs } from '../proto/units.ts';
import type { LinkPageSender } from './transfer/page-sender.ts';

const mbps = (bytes: number, ms: number): number => (ms > 0 ? (bytes * 8) / ms / 1000 : 0);

/** Turns the sender's counters into round and progress events. */
export class RoundMeter {
  static readonly progressIntervalMs = 100;
  readonly #sender: LinkPageSender;
  readonly #emit: (event: AgentEvent) => void;
  #round = 0;
  #roundFrom: { atMs: number; bytes: number; confirmedBytes: number; pages: number };
  #tickFrom: { atMs: number; bytes: number };

  constructor(sender: LinkPageSender, emit: (event: AgentEvent) => void) {
    this.#sender = sender;
    this.#emit = emit;
    this.#roundFrom = { atMs: monotonicMs(), bytes: 0, confirmedBytes: 0, pages: 0 };
    this.#tickFrom = { atMs: monotonicMs(), bytes: 0 };
  }

  /** Pages sent in another phase belong to another round. */
  phaseChanged(): void {
    const { ram, confirmedBytes, sentPages } = this.#sender;
    this.#roundFrom = { atMs: monotonicMs(), bytes: ram.transferred, confirmedBytes, pages: sentPages };
  }

  roundEnded(pagesDirtied: number): void {
    const { ram, confirmedBytes, sentPages, phase } = this.#sender;
    const atMs = monotonicMs();
    const durationMs = atMs - this.#roundFrom.atMs;
    const bytesSent = ram.transferred - this.#roundFrom.bytes;
    this.#emit({
      type: 'round',
      atMs,
      round: ++this.#round,
      phase,
      durationMs,
      pagesSent: sentPages - this.#roundFrom.pages,
      bytesSent,
      pagesDirtied,
      dirtyPagesPerSecond: durationMs > 0 ? (pagesDirtied * 1000) / durationMs : 0,
      // What has arrived: what was handed over may still stand in a socket.
      throughputMbps: mbps(confirmedBytes - this.#roundFrom.confirmedBytes, durationMs),
    });
    this.#roundFrom = { atMs, bytes: ram.transferred, confirmedBytes, pages: sentPages };
  }

  tick(): void {
    const { ram, remainingBytes, confirmedBytes } = this.#sender;
    const atMs = monotonicMs();
    this.#emit({
      type: 'progress',
      atMs,
      transferredBytes: ram.transferred,
      remainingBytes,
      throughputMbps: mbps(confirmedBytes - this.#tickFrom.bytes, atMs - this.#tickFrom.atMs),
    });
    this.#tickFrom = { atMs, bytes: confirmedBytes };
  }
}
