import { pageSizeBytes } from '#proto/units';
import { randomEverywhere } from './geometry.ts';
import type { RegionContent } from './geometry.ts';
import { contents, defaultContent } from '#catalogue/contents';
import type { PageBody } from '#catalogue/contents/parts/page-body';
import { definedAs } from '#catalogue/room';

const checkConstant = 0x6c697665;

const zeroPage = Buffer.alloc(pageSizeBytes);

/**
 * What pages contain: a header of page number, version, seed and a check word over them, and a body. Every byte follows
 * from page number, version and seed, so that any reader on either host can recognise a missing, stale, torn or foreign
 * page. Version 0 is the zero page of fresh memory.
 */
export class PageContent {
  readonly #seed: number;
  readonly #random: PageBody;
  readonly #region: PageBody;
  readonly #regionFirst: number;
  readonly #regionEnd: number;

  /** @param region pages that hold something else than random bytes. */
  constructor(pool: ArrayBufferLike, seed: number, region: RegionContent = randomEverywhere) {
    const source = { pool: Buffer.from(pool), seed: seed | 0 };
    this.#seed = seed | 0;
    this.#random = definedAs(contents, defaultContent).body(source);
    this.#region = definedAs(contents, region.content).body(source);
    this.#regionFirst = region.first;
    this.#regionEnd = region.end;
  }

  #bodyOf(page: number): PageBody {
    return page < this.#regionEnd && page >= this.#regionFirst ? this.#region : this.#random;
  }

  /** Writes version `version` (≥ 1) of page `page` at `offset` of a segment. */
  write(segment: Buffer, words: Int32Array, offset: number, page: number, version: number): void {
    const word = offset >>> 2;
    words[word] = page;
    words[word + 1] = version;
    words[word + 2] = this.#seed;
    words[word + 3] = page ^ version ^ this.#seed ^ checkConstant;
    this.#bodyOf(page).write(segment, offset, page, version);
  }

  /** The version that all the bytes at `offset` form, or -1 if they are no version of this page. */
  versionAt(segment: Buffer, words: Int32Array, offset: number, page: number): number {
    const word = offset >>> 2;
    const version = words[word + 1] ?? 0;
    const isHeader =
      words[word] === page &&
      words[word + 2] === this.#seed &&
      words[word + 3] === (page ^ version ^ this.#seed ^ checkConstant);
    if (!isHeader) return isZero(segment, offset) ? 0 : -1;
    return this.#bodyOf(page).matches(segment, offset, page, version) ? version : -1;
  }
}

/** Whether the page at `offset` is all zeros. */
export const isZero = (segment: Buffer, offset: number): boolean =>
  zeroPage.compare(segment, offset, offset + pageSizeBytes) === 0;
