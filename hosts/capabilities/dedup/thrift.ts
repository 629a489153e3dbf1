/** Pages after which the share of repeated blocks is judged. */
const windowPages = 1024;
/** Looking for repeats costs a microsecond a page; where fewer than these repeat, that buys nothing. */
const worthwhileShare = 0.1;
/** Where nothing repeats, every so manieth page is looked at, as that may change, and judged after so many looks. */
const restStride = 64;
const restLooks = 64;

/** Whether to look for repeats in the next page: always while there are some, now and then where there are none. Pure. */
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
