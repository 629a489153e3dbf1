import type { PageSet } from '../../guest/page-set.ts';
import type { PageOrder } from '../capability.ts';

/** From page 0 up, whatever the guest asks for meanwhile: post-copy without prepaging. */
export class Ascending implements PageOrder {
  #cursor = 0;

  next(pages: PageSet): number {
    const page = pages.nextAround(this.#cursor);
    this.#cursor = page + 1;
    return page;
  }
}
