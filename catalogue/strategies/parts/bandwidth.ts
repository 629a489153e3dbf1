import type { MigrationSession } from '#hosts/ports';
import { bandwidthIntervalMs } from './convergence.ts';

/** Bandwidth as QEMU measures it, Δbytes/Δms over at least 100 ms, of bytes that the destination has confirmed. */
export class Bandwidth {
  readonly #session: MigrationSession;
  #fromMs: number;
  #fromBytes: number;
  #bytesPerMs = 0;

  constructor(session: MigrationSession) {
    this.#session = session;
    this.#fromMs = session.clock.nowMs();
    this.#fromBytes = session.pages.confirmedBytes;
  }

  /** In bytes per ms; 0 until something has been confirmed. */
  get bytesPerMs(): number {
    const { clock, pages, limits } = this.#session;
    if (limits.availSwitchoverBandwidthMbps > 0) return (limits.availSwitchoverBandwidthMbps * 1000) / 8;
    const elapsedMs = clock.nowMs() - this.#fromMs;
    const bytes = pages.confirmedBytes - this.#fromBytes;
    // Within the first interval, the average so far is the only estimate.
    if (this.#bytesPerMs === 0 && elapsedMs < bandwidthIntervalMs)
      return elapsedMs > 0 ? bytes / elapsedMs : 0;
    // An interval without traffic says nothing about the link.
    if (elapsedMs >= bandwidthIntervalMs && bytes > 0) {
      this.#bytesPerMs = bytes / elapsedMs;
      this.#fromMs = clock.nowMs();
      this.#fromBytes = pages.confirmedBytes;
    }
    return this.#bytesPerMs;
  }
}
