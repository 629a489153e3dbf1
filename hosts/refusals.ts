/** The first are told one by one. */
const eachUpTo = 10;

/**
 * Anyone can knock, as often as they like: a refusal each would fill a log, a result and memory. After the first ten, one is
 * told whenever their number has doubled.
 */
export class Refusals {
  #count = 0;

  /** Of all so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts one. @returns whether to tell of it. */
  add(): boolean {
    this.#count++;
    return this.#count <= eachUpTo || Number.isInteger(Math.log2(this.#count));
  }
}
