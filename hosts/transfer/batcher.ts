import type { OutgoingBatch } from '../../proto/bulk.ts';
import { batchUniformPagesMax } from '../../proto/migration.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { PageSet } from '../guest/page-set.ts';

/** Zero pages cost no payload, but looking at them costs time. */
const zeroPagesMax = 8192;

/** A batch in the making: each page travels whole, in a run of zero pages, or as a uniform page's pattern. */
class Draft {
  readonly #memory: GuestMemory;
  readonly #uniformPages: boolean;
  readonly whole: number[] = [];
  readonly #zeroRuns: number[] = [];
  readonly uniform: number[] = [];
  readonly #patternWords: number[] = [];
  zeroPages = 0;

  constructor(memory: GuestMemory, uniformPages: boolean) {
    this.#memory = memory;
    this.#uniformPages = uniformPages;
  }

  add(page: number): void {
    if (this.#memory.isZeroPage(page)) this.#addZero(page);
    else if (this.#uniformPages && this.#memory.takeUniform(page, this.#patternWords))
      this.uniform.push(page);
    else this.whole.push(page);
  }

  #addZero(page: number): void {
    const runs = this.#zeroRuns;
    const last = runs.length - 2;
    this.zeroPages++;
    const end = last < 0 ? -1 : runs[last]! + runs[last + 1]!;
    if (end === page) runs[last + 1]!++;
    else runs.push(page, 1);
  }

  finish(copyPage: OutgoingBatch['copyPage']): OutgoingBatch {
    const batch: OutgoingBatch = {
      pages: Uint32Array.from(this.whole),
      zeroRuns: this.#zeroRuns,
      copyPage,
    };
    if (this.uniform.length > 0) {
      const patterns = Buffer.from(Int32Array.from(this.#patternWords).buffer);
      batch.uniform = { pages: this.uniform, patterns };
    }
    return batch;
  }
}

export interface TakenBatch {
  batch: OutgoingBatch;
  zeroPages: number;
  /** The page after the last one taken. */
  next: number;
}

/** Makes batches of the guest's pages. */
export class Batcher {
  readonly #memory: GuestMemory;
  readonly #uniformPages: boolean;
  readonly #copyPage: OutgoingBatch['copyPage'];

  /** @param uniformPages `transfer.uniformPages`. */
  constructor(memory: GuestMemory, uniformPages: boolean) {
    this.#memory = memory;
    this.#uniformPages = uniformPages;
    this.#copyPage = (page, target, at) => {
      memory.copyTo(page, target, at);
    };
  }

  /**
   * Takes up to `wanted` whole pages, and the zero and uniform pages between them, out of `pages`, ascending from page
   * `from` and wrapping around.
   * @param skip pages that are taken out but left out of the batch.
   */
  take(pages: PageSet, from: number, wanted: number, skip?: (page: number) => boolean): TakenBatch {
    const draft = new Draft(this.#memory, this.#uniformPages);
    let cursor = from;
    while (
      draft.whole.length < wanted &&
      draft.zeroPages < zeroPagesMax &&
      draft.uniform.length < batchUniformPagesMax &&
      pages.count > 0
    ) {
      let page = pages.next(cursor);
      if (page === -1) page = pages.next(0);
      pages.delete(page);
      cursor = page + 1;
      if (skip?.(page) !== true) draft.add(page);
    }
    return { batch: draft.finish(this.#copyPage), zeroPages: draft.zeroPages, next: cursor };
  }

  /** A batch of one page. */
  one(page: number): TakenBatch {
    const draft = new Draft(this.#memory, this.#uniformPages);
    draft.add(page);
    return { batch: draft.finish(this.#copyPage), zeroPages: draft.zeroPages, next: page + 1 };
  }
}

/** Whether a batch has nothing in it. */
export const isEmpty = ({ pages, zeroRuns, uniform }: OutgoingBatch): boolean =>
  pages.length === 0 && zeroRuns.length === 0 && uniform === undefined;
