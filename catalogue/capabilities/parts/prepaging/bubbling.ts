import type { PageSet } from '#hosts/guest/page-set';
import type { PageOrder } from '#catalogue/capability';
import { Ascending } from './ascending.ts';

/** Pivots kept, the newest first; Hines and Gopalan found little gain beyond. */
export const pivotsMax = 7;

/** The unsent pages around a fault, alternating between both sides. */
class Bubble {
  #up: number | null;
  #down: number | null;
  #isUpNext = true;

  constructor(pivot: number) {
    // The pivot itself is answered outside the push; only its neighbours are left.
    this.#up = pivot + 1;
    this.#down = pivot - 1;
  }

  /** The next page at one of its edges; null = both edges have met sent pages. */
  next(pages: PageSet): number | null {
    if (this.#up !== null && !pages.has(this.#up)) this.#up = null;
    if (this.#down !== null && !pages.has(this.#down)) this.#down = null;
    const goesUp = this.#down === null || (this.#isUpNext && this.#up !== null);
    this.#isUpNext = !goesUp;
    if (!goesUp) return this.#down!--;
    return this.#up === null ? null : this.#up++;
  }
}

/**
 * Prepaging by bubbling with several pivots (Hines and Gopalan, VEE 2009): every fault is the pivot of a bubble that
 * grows to both sides; the bubbles take turns, and one that has met sent pages on both sides is dropped. Without
 * bubbles the push ascends from page 0.
 */
export class Bubbling implements PageOrder {
  readonly #bubbles: Bubble[] = [];
  readonly #rest = new Ascending();
  #turn = 0;

  faulted(page: number): void {
    this.#bubbles.unshift(new Bubble(page));
    if (this.#bubbles.length > pivotsMax) this.#bubbles.pop();
    this.#turn = 0;
  }

  next(pages: PageSet): number {
    while (this.#bubbles.length > 0) {
      const turn = this.#turn % this.#bubbles.length;
      const page = this.#bubbles[turn]!.next(pages);
      if (page !== null) {
        this.#turn = turn + 1;
        return page;
      }
      this.#bubbles.splice(turn, 1);
    }
    return this.#rest.next(pages);
  }
}
