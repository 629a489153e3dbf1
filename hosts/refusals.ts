/** The first ones are reported one by one. */
const eachUpTo = 10;

/**
 * Anyone can knock, as often as they like: reporting every refusal would fill the log, the result and memory. After the
 * first ten, one is reported whenever their number has doubled.
 */
export class Refusals {
  #count = 0;

  /** The number of all so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts one. @returns whether to tell of it. */
  add(): boolean {
    this.#count++;
    return this.#count <= eachUpTo || Number.isInteger(Math.log2(this.#count));
  }
}
