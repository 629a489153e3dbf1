import type { PageSet } from '#hosts/guest/page-set';
import type { PageOrder } from '../capability.ts';
import { defineCapability } from '../capability.ts';

const hottest = 255;

/**
 * Pages by how often they were found dirty, the coldest first (Svärd et al. 2011, dynamic page transfer reordering):
 * pages that are dirtied often are sent last, as they would likely be dirtied again. Sorted at each sync.
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
    // Pages added to the set since the sync.
    return pages.nextAround(0);
  }

  /** Counting sort: ascending within a count, so that neighbours stay together. */
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

export default defineCapability({
  name: 'cold-first',
  help: 'pre-copy sends frequently dirtied pages last',
  needsRounds: true,
  atSource: ({ blockCount }) => {
    const order = new ColdFirst(blockCount);
    return {
      precopyOrder: order,
      synced: ({ dirtied }) => {
        order.synced(dirtied);
      },
    };
  },
});
