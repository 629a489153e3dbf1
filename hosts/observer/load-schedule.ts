import { nextRandom } from '#catalogue/contents/parts/pool';
import type { LoadConfig } from '#proto/service';

/** When requests are due, whatever becomes of them: each at its distance from the one before. Pure. */
export class LoadSchedule {
  readonly #meanMs: number;
  readonly #isPoisson: boolean;
  #random: number;
  #dueAtMs: number;

  /** @param seed of poisson arrivals */
  constructor({ rate, arrivals }: Pick<LoadConfig, 'rate' | 'arrivals'>, seed: number, startAtMs: number) {
    this.#meanMs = 1000 / rate;
    this.#isPoisson = arrivals === 'poisson';
    // Small seeds have small first numbers.
    this.#random = Math.imul(seed + 1, 0x9e3779b1) | 1;
    this.#dueAtMs = startAtMs;
  }

  /** When the next request is due. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** It was sent: on to the one after it. */
  next(): void {
    this.#dueAtMs += this.#isPoisson ? -Math.log(1 - this.#share()) * this.#meanMs : this.#meanMs;
  }

  #share(): number {
    const random = nextRandom(this.#random);
    this.#random = random | 0;
    return (random >>> 0) / 2 ** 32;
  }
}
