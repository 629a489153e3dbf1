import type { PageSet } from '#hosts/guest/page-set';
import type { PageOrder } from '#catalogue/capability';

/** From page 0 up, regardless of faults: post-copy without prepaging. */
export class Ascending implements PageOrder {
  #cursor = 0;

  next(pages: PageSet): number {
    const page = pages.nextAround(this.#cursor);
    this.#cursor = page + 1;
    return page;
  }
}
