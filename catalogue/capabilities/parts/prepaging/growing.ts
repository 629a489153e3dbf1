import type { PageSet } from '#hosts/guest/page-set';
import type { PageOrder } from '#catalogue/capability';

/** CRIU's lazy-pages: 64 KiB after a fault … */
const firstPages = 16;
/** … and twice as much every time, up to 4 MiB. */
const mostPages = 1024;

/** Continues after the newest fault, in chunks that start small and grow (CRIU, `criu/uffd.c`). */
export class Growing implements PageOrder {
  #cursor = 0;
  #chunkPages = firstPages;
  #leftPages = firstPages;

  faulted(page: number): void {
    this.#cursor = page + 1;
    this.#chunkPages = firstPages;
    this.#leftPages = firstPages;
  }

  /** Pages until the end of the chunk, where the next fault is checked. */
  get batchPagesMax(): number {
    return this.#leftPages;
  }

  next(pages: PageSet): number {
    const page = pages.nextAround(this.#cursor);
    this.#cursor = page + 1;
    if (--this.#leftPages <= 0) {
      this.#chunkPages = Math.min(mostPages, 2 * this.#chunkPages);
      this.#leftPages = this.#chunkPages;
    }
    return page;
  }
}
