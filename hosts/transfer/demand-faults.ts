import type { FaultMode } from '#catalogue/transfer';
import type { PageSet } from '../guest/page-set.ts';
import type { FaultService } from '../ports.ts';

/**
 * The source's side of demand faults. A page leaves the set of unsent ones once, by a request or by the push, so it
 * never travels twice; a request that comes after it has left is late and dropped. Pure.
 */
export class DemandFaults implements FaultService {
  readonly blocksPush: boolean;
  readonly #answer: (page: number) => void;
  readonly #onQueued: () => void;
  #unsent: PageSet | null = null;
  #newest: number | null = null;
  readonly #queue: number[] = [];
  lateRequestsDropped = 0;

  /**
   * @param answer sends a page that is due at once.
   * @param onQueued a page waits for the push (`blocking`), which should then continue at once.
   */
  constructor(mode: FaultMode, answer: (page: number) => void, onQueued: () => void) {
    this.blocksPush = mode === 'blocking';
    this.#answer = answer;
    this.#onQueued = onQueued;
  }

  /** Adds pages that were sent and never arrived, except those still to be sent. Returns how many there are. */
  lost(missing: PageSet): number {
    const before = this.#unsent?.count ?? 0;
    if (this.#unsent === null) this.#unsent = missing;
    else this.#unsent.addAll(missing);
    // A request made over the lost connection will come again.
    this.#queue.length = 0;
    this.#newest = null;
    return this.#unsent.count - before;
  }

  /** What is still to be sent; null before the switchover. */
  get unsent(): PageSet | null {
    return this.#unsent;
  }

  serve(unsent: PageSet): void {
    // Lost on the way, before the switchover was complete.
    if (this.#unsent !== null) unsent.addAll(this.#unsent);
    this.#unsent = unsent;
  }

  /** The destination's guest waits for a page. */
  requested(page: number): void {
    if (!this.blocksPush) this.#newest = page;
    if (this.#unsent?.has(page) !== true) this.lateRequestsDropped++;
    else if (this.blocksPush) {
      this.#queue.push(page);
      this.#onQueued();
    } else {
      this.#unsent.delete(page);
      this.#answer(page);
    }
  }

  take(): number | null {
    const newest = this.#newest;
    this.#newest = null;
    // Pages that an earlier fault's batch has brought along need no batch.
    for (let page = this.#queue.shift(); page !== undefined; page = this.#queue.shift())
      if (this.#unsent?.has(page) === true) return page;
    return newest;
  }
}
