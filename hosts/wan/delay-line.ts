import { defaultJitterDistribution, jitterDistributionNames } from '#catalogue/jitter-distributions';
import type { LinkDirection } from '#proto/link';
import { lossModelOf } from '#proto/link';
import { seededRandom } from '#proto/seeded-random';
import type { Impairments, ImpairmentSettings } from './impairments.ts';
import { impairmentsOf } from './impairments.ts';

/** What one direction does to packets apart from the rate. */
export interface DelaySettings extends ImpairmentSettings {
  delayMs: number;
  /** Of what is drawn. */
  seed: number;
}

export const impairmentSettingsOf = (direction: LinkDirection): ImpairmentSettings => ({
  ...lossModelOf(direction),
  jitterMs: direction.jitterMs,
  jitterDistribution: jitterDistributionNames.indexOf(
    direction.jitterDistribution ?? defaultJitterDistribution,
  ),
  duplicate: (direction.duplicatePercent ?? 0) / 100,
  reorder: (direction.reorderPercent ?? 0) / 100,
  reorderCorrelation: (direction.reorderCorrelationPercent ?? 0) / 100,
  reorderGap: direction.reorderGap ?? 1,
});

/** What becomes of a packet, one or more of these bits; none: it waits, and nothing else. */
export const fates = { lost: 1, overtakes: 2, duplicated: 4 } as const;

/**
 * Packets in flight over the emulated distance: a preallocated ring of (id, due time), first in, first out. Order is
 * kept: a packet with little jitter waits for the one before it, as on a path with one queue. Only what is to overtake
 * doesn't wait at all.
 */
export class DelayLine {
  readonly #ids: Uint32Array;
  readonly #due: Float64Array;
  readonly #mask: number;
  #head = 0;
  #tail = 0;
  #lastDueMs = 0;
  #delayMs = 0;
  #seed = NaN;
  #random: () => number = () => 0;
  #impairments: Impairments | null = null;

  /** @param capacity a power of two */
  constructor(capacity: number) {
    this.#ids = new Uint32Array(capacity);
    this.#due = new Float64Array(capacity);
    this.#mask = capacity - 1;
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  /** Applies to packets that arrive from now on. What is drawn goes on where it was, unless the seed is another one. */
  configure(settings: DelaySettings): void {
    if (settings.seed !== this.#seed) this.#random = seededRandom(settings.seed);
    this.#seed = settings.seed;
    this.#delayMs = settings.delayMs;
    this.#impairments = impairmentsOf(settings, this.#random);
  }

  /** Takes a packet in, unless it is lost or overtakes. @returns its fate, 0 = it waits. */
  admit(id: number, nowMs: number): number {
    if (this.#impairments !== null) return this.#admitBy(this.#impairments, id, nowMs);
    this.#hold(id, this.#dueMs(nowMs + this.#delayMs));
    return 0;
  }

  /** @returns when the copy of a duplicated packet is due; -1 = it is lost. */
  admitCopy(nowMs: number): number {
    const by = this.#impairments;
    if (by === null || by.isLost()) return -1;
    return by.overtakes() ? nowMs : this.#dueMs(nowMs + Math.max(0, this.#delayMs + by.jitterMs()));
  }

  #admitBy(by: Impairments, id: number, nowMs: number): number {
    const isDuplicated = by.isDuplicated();
    // One of two that is lost leaves one.
    const isLost = by.isLost();
    if (isLost && !isDuplicated) return fates.lost;
    const fate = isDuplicated && !isLost ? fates.duplicated : 0;
    if (by.overtakes()) return fate | fates.overtakes;
    this.#hold(id, this.#dueMs(nowMs + Math.max(0, this.#delayMs + by.jitterMs())));
    return fate;
  }

  /** Nothing is due before what was there first. */
  #dueMs(atMs: number): number {
    this.#lastDueMs = Math.max(this.#lastDueMs, atMs);
    return this.#lastDueMs;
  }

  #hold(id: number, dueMs: number): void {
    const slot = this.#tail & this.#mask;
    this.#ids[slot] = id;
    this.#due[slot] = dueMs;
    this.#tail += 1;
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
}
