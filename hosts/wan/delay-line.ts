/** What one direction does to packets apart from the rate. */
export interface DelaySettings {
  delayMs: number;
  /** Standard deviation, normal distribution. */
  jitterMs: number;
  /** 0–1. */
  lossFraction: number;
}

/**
 * Packets in flight over the emulated distance: a preallocated ring of (id, due time), first in, first out. Order is
 * kept: a packet with little jitter waits for the one before it, as on a path with one queue.
 */
export class DelayLine {
  readonly #ids: Uint32Array;
  readonly #due: Float64Array;
  readonly #mask: number;
  readonly #random: () => number;
  #head = 0;
  #tail = 0;
  #lastDueMs = 0;
  #settings: DelaySettings = { delayMs: 0, jitterMs: 0, lossFraction: 0 };

  /** @param capacity a power of two; @param random uniform in [0, 1) */
  constructor(capacity: number, random: () => number = Math.random) {
    this.#ids = new Uint32Array(capacity);
    this.#due = new Float64Array(capacity);
    this.#mask = capacity - 1;
    this.#random = random;
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  /** Applies to packets that arrive from now on. */
  configure(settings: DelaySettings): void {
    this.#settings = settings;
  }

  /** Takes a packet in; false = the link lost it, so it must be dropped. */
  admit(id: number, nowMs: number): boolean {
    const { delayMs, jitterMs, lossFraction } = this.#settings;
    if (lossFraction > 0 && this.#random() < lossFraction) return false;
    const jitter = jitterMs > 0 ? jitterMs * this.#normal() : 0;
    const dueMs = Math.max(this.#lastDueMs, nowMs + Math.max(0, delayMs + jitter));
    const slot = this.#tail & this.#mask;
    this.#ids[slot] = id;
    this.#due[slot] = dueMs;
    this.#lastDueMs = dueMs;
    this.#tail += 1;
    return true;
  }

  /** Removes all that is due and returns the last one's id: a batch verdict for it releases all before; -1 = none. */
  release(nowMs: number): number {
    let last = -1;
    while (this.#head < this.#tail) {
      const slot = this.#head & this.#mask;
      if (this.#due[slot]! > nowMs) break;
      last = this.#ids[slot]!;
      this.#head += 1;
    }
    return last;
  }

  /** When the next packet is due; Infinity when none is in flight. */
  get nextDueMs(): number {
    return this.#head < this.#tail ? this.#due[this.#head & this.#mask]! : Infinity;
  }

  /** Standard normal deviate by Box and Muller's transform. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}
