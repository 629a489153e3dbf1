const slotMs = 10;
/** What it was kept from it makes up for, up to this: more would be a load of another kind. */
const behindMostMs = 50;

/**
 * When a burner works and when it rests: in each slot until it has had its share of CPU time since the start. By the CPU
 * time that it really had, so that a busy machine doesn't make it a smaller load while there is room. Pure; times in ms.
 */
export class Duty {
  readonly #share: number;
  readonly #startedAtMs: number;
  #cpuAtStartMs: number;
  #slotEndsAtMs: number;

  constructor(share: number, nowMs: number, cpuMs: number) {
    this.#share = share;
    this.#startedAtMs = nowMs;
    this.#cpuAtStartMs = cpuMs;
    this.#slotEndsAtMs = nowMs + slotMs;
  }

  /** Whether it is to go on working. */
  isDue(nowMs: number, cpuMs: number): boolean {
    const behindMs = this.#share * (nowMs - this.#startedAtMs) - (cpuMs - this.#cpuAtStartMs);
    if (behindMs > behindMostMs) this.#cpuAtStartMs -= behindMs - behindMostMs;
    return behindMs > 0 && nowMs < this.#slotEndsAtMs;
  }

  /** How long it rests now; the next slot begins then. */
  restMs(nowMs: number): number {
    const restMs = Math.max(0, this.#slotEndsAtMs - nowMs);
    this.#slotEndsAtMs = Math.max(this.#slotEndsAtMs, nowMs) + slotMs;
    return restMs;
  }
}
