import type { PageSet } from '../guest/page-set.ts';
import type { Capability, PageOrder } from './capability.ts';

const hottest = 255;

/**
 * Pages by how often they were found dirty, the coldest first (Svärd et al. 2011, dynamic page transfer reordering): what
 * is dirtied often anyway is sent last, when it has had time to be dirtied again. Sorted anew at each sync.
 */
class ColdFirst implements PageOrder {
  readonly #timesDirtied: Uint8Array;
  #sorted: Uint32Array | null = null;
  #at = 0;

  constructor(pageCount: number) {
    this.#timesDirtied = new Uint8Array(pageCount);
  }

  synced(dirtied: PageSet): void {
    for (let page = dirtied.next(0); page !== -1; page = dirtied.next(page + 1))
      if (this.#timesDirtied[page]! < hottest) this.#timesDirtied[page]!++;
    this.#sorted = null;
  }

  next(pages: PageSet): number {
    this.#sorted ??= this.#sort(pages);
    while (this.#at < this.#sorted.length) {
      const page = this.#sorted[this.#at++]!;
      if (pages.has(page)) return page;
    }
    // Pages that came into the set since the sync.
    return pages.nextAround(0);
  }

  /** By counting: ascending within a count, so that neighbours stay together. */
  #sort(pages: PageSet): Uint32Array {
    const starts = new Uint32Array(hottest + 2);
    for (let page = pages.next(0); page !== -1; page = pages.next(page + 1))
      starts[this.#timesDirtied[page]! + 1]!++;
    for (let times = 1; times < starts.length; times++) starts[times]! += starts[times - 1]!;
    const sorted = new Uint32Array(pages.count);
    for (let page = pages.next(0); page !== -1; page = pages.next(page + 1))
      sorted[starts[this.#timesDirtied[page]!]!++] = page;
    this.#at = 0;
    return sorted;
  }
}

export const coldFirst: Capability = {
  atSource: ({ memory }) => {
    const order = new ColdFirst(memory.pageCount);
    return {
      precopyOrder: order,
      synced: ({ dirtied }) => {
        order.synced(dirtied);
      },
    };
  },
};
