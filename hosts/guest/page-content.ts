import { pageSizeBytes, uniformPatternBytes } from '../../proto/units.ts';
import { noPages } from './geometry.ts';
import type { PageRange } from './geometry.ts';

/** Bytes of a page's header: page number, version, seed, and a check word over them. A uniform page repeats it. */
const headerBytes = uniformPatternBytes;
const checkConstant = 0x6c697665;
/** The pool is larger than a compressor's window of a few pages, and stays in the last-level cache. */
const poolBytes = 8 << 20;
const poolSlots = poolBytes / 8;

const zeroPage = Buffer.alloc(pageSizeBytes);

/** xorshift32 (Marsaglia 2003); the state must not be 0. */
export const nextRandom = (state: number): number => {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
};

/** Random bytes that page bodies are cut from. Made once per host and shared between its threads. */
export const createPool = (seed: number): SharedArrayBuffer => {
  const shared = new SharedArrayBuffer(poolBytes + pageSizeBytes);
  const words = new Uint32Array(shared);
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state = nextRandom(state);
    words[index] = state;
  }
  return shared;
};

/** Mixes page, version and seed to a slot of the pool (finaliser of MurmurHash3). */
const slotOf = (page: number, version: number, seed: number): number => {
  let hash = Math.imul(page ^ seed, 0xcc9e2d51) ^ Math.imul(version, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % poolSlots;
};

/**
 * What pages contain: every byte follows from page number, version and seed, so that any reader on either host can
 * tell a page that is missing, stale, torn or someone else's. Version 0 is the zero page of fresh memory.
 */
export class PageContent {
  readonly #pool: Buffer;
  readonly #seed: number;
  readonly #uniform: PageRange;

  /** @param uniform pages that repeat their header instead of random bytes. */
  constructor(pool: SharedArrayBuffer, seed: number, uniform: PageRange = noPages) {
    this.#pool = Buffer.from(pool);
    this.#seed = seed | 0;
    this.#uniform = uniform;
  }

  /** Writes version `version` (≥ 1) of page `page` at `offset` of a segment. */
  write(segment: Buffer, words: Int32Array, offset: number, page: number, version: number): void {
    const word = offset >>> 2;
    if (this.#isUniform(page)) {
      this.#writeHeader(words, word, page, version);
      fillUniform(segment, offset);
      return;
    }
    const start = slotOf(page, version, this.#seed) * 8;
    this.#pool.copy(segment, offset + headerBytes, start, start + pageSizeBytes - headerBytes);
    this.#writeHeader(words, word, page, version);
  }

  #isUniform(page: number): boolean {
    return page < this.#uniform.end && page >= this.#uniform.first;
  }

  #writeHeader(words: Int32Array, word: number, page: number, version: number): void {
    words[word] = page;
    words[word + 1] = version;
    words[word + 2] = this.#seed;
    words[word + 3] = page ^ version ^ this.#seed ^ checkConstant;
  }

  /** The version that the bytes at `offset` are as a whole, or -1 when they are no version of this page. */
  versionAt(segment: Buffer, words: Int32Array, offset: number, page: number): number {
    const word = offset >>> 2;
    const version = words[word + 1] ?? 0;
    const isHeader =
      words[word] === page &&
      words[word + 2] === this.#seed &&
      words[word + 3] === (page ^ version ^ this.#seed ^ checkConstant);
    if (!isHeader) return isZero(segment, offset) ? 0 : -1;
    if (this.#isUniform(page)) return isUniform(segment, offset) ? version : -1;
    const start = slotOf(page, version, this.#seed) * 8;
    const end = start + pageSizeBytes - headerBytes;
    return this.#pool.compare(segment, offset + headerBytes, offset + pageSizeBytes, start, end) === 0
      ? version
      : -1;
  }
}

/** Whether the page at `offset` is all zeros. */
export const isZero = (segment: Buffer, offset: number): boolean =>
  zeroPage.compare(segment, offset, offset + pageSizeBytes) === 0;

/** Whether the page at `offset` repeats its first `uniformPatternBytes` to its end: it equals itself moved by these. */
export const isUniform = (segment: Buffer, offset: number): boolean => {
  const end = offset + pageSizeBytes;
  const moved = offset + uniformPatternBytes;
  return segment.compare(segment, moved, end, offset, end - uniformPatternBytes) === 0;
};

/** Repeats the first `uniformPatternBytes` of the page at `offset` to its end. */
export const fillUniform = (segment: Buffer, offset: number): void => {
  for (let bytes = uniformPatternBytes; bytes < pageSizeBytes; bytes *= 2)
    segment.copyWithin(offset + bytes, offset, offset + bytes);
};
