import type { PageSet } from '../../guest/page-set.ts';
import type { PageOrder } from '../capability.ts';

/** CRIU's lazy-pages: 64 KiB after a fault … */
const firstPages = 16;
/** … and twice as much every time, up to 4 MiB. */
const mostPages = 1024;

/** Goes on behind the newest fault, in chunks that begin small and grow (CRIU, `criu/uffd.c`). */
export class Growing implements PageOrder {
  #cursor = 0;
  #chunkPages = firstPages;
  #leftPages = firstPages;

  faulted(page: number): void {
    this.#cursor = page + 1;
    this.#chunkPages = firstPages;
    this.#leftPages = firstPages;
  }

  /** Pages until the end of the chunk: the next fault is looked at there. */
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
