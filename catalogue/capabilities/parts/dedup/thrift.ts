/** Pages after which the share of repeated blocks is judged. */
const windowPages = 1024;
/** Looking for repeats costs a microsecond a page, which doesn't pay below this share of repeats. */
const worthwhileShare = 0.1;
/** If nothing repeats, only every nth page is sampled, in case that changes, and judged after this many samples. */
const restStride = 64;
const restLooks = 64;

/**
 * Whether to look for repeats in the next page: always while there are some, else by sampling. Pure.
 */
export class Thrift {
  #isResting = false;
  #passed = 0;
  #looked = 0;
  #share = 0;

  get isResting(): boolean {
    return this.#isResting;
  }

  isLookDue(): boolean {
    return !this.#isResting || this.#passed++ % restStride === 0;
  }

  /** @param share of the page that was repeated (0–1). */
  looked(share: number): void {
    this.#share += share;
    this.#looked++;
    // Awake as soon as enough has repeated; asleep at the end of a window only.
    const isAwake = this.#isResting && this.#share >= worthwhileShare * restLooks;
    const isOver = this.#looked >= (this.#isResting ? restLooks : windowPages);
    if (!isAwake && !isOver) return;
    this.#isResting = this.#share / this.#looked < worthwhileShare;
    this.#looked = 0;
    this.#share = 0;
  }
}
