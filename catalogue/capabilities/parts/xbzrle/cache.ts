import { mebibyte, pageSizeBytes } from '#proto/units';
import type { PageView } from './codec.ts';

/** An entry that was used this many syncs ago or more may be replaced (QEMU's CACHED_PAGE_LIFETIME). */
const lifetimeSyncs = 2;
const noPage = -1;

/** Pages as last sent, direct-mapped by page number (QEMU's migration/page_cache.c). */
export class PageCache {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #pages: Int32Array;
  readonly #usedAt: Int32Array;
  readonly #mask: number;

  /** @param sizeMib rounded down to a power of two, as QEMU does. */
  constructor(sizeMib: number) {
    const slots = 2 ** Math.floor(Math.log2((sizeMib * mebibyte) / pageSizeBytes));
    const buffer = new ArrayBuffer(slots * pageSizeBytes);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#pages = new Int32Array(slots).fill(noPage);
    this.#usedAt = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  #viewOf(slot: number): PageView {
    return { bytes: this.#bytes, words: this.#words, at: slot * pageSizeBytes };
  }

  /** The page as last sent, or null. @param sync number of the sync at which it is used */
  get(page: number, sync: number): PageView | null {
    const slot = page & this.#mask;
    if (this.#pages[slot] !== page) return null;
    this.#usedAt[slot] = sync;
    return this.#viewOf(slot);
  }

  /** Space for a page that isn't cached; null = the current entry is too fresh to be replaced. */
  insert(page: number, sync: number): PageView | null {
    const slot = page & this.#mask;
    if (this.#pages[slot] !== noPage && this.#usedAt[slot]! + lifetimeSyncs > sync) return null;
    this.#pages[slot] = page;
    this.#usedAt[slot] = sync;
    return this.#viewOf(slot);
  }

  forget(page: number): void {
    const slot = page & this.#mask;
    if (this.#pages[slot] === page) this.#pages[slot] = noPage;
  }
}
