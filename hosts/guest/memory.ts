import { pageSizeBytes, uniformPatternBytes } from '../../proto/units.ts';
import { pagesPerSegment, randomEverywhere, segmentShift } from './geometry.ts';
import type { RegionContent } from './geometry.ts';
import { fillUniform, isUniform } from './page-bodies/uniform.ts';
import { isZero, PageContent } from './page-content.ts';
import { PageSet, popCount } from './page-set.ts';
import type { GuestBuffers } from './shared.ts';

/**
 * Guest RAM as the hypervisor sees it: pages to send, pages to install, bitmaps. One per thread that needs it; the
 * buffers behind it are shared.
 */
export class GuestMemory {
  readonly pageCount: number;
  readonly content: PageContent;
  readonly #segments: Buffer[];
  readonly #words: Int32Array[];
  readonly #dirty: Int32Array;
  readonly #present: Int32Array;
  readonly #lastVersion: Uint32Array;
  readonly #firstVersion: Uint32Array;

  /** @param region pages that hold something else than random bytes. */
  constructor(buffers: GuestBuffers, seed: number, region: RegionContent = randomEverywhere) {
    this.pageCount = buffers.pageCount;
    this.content = new PageContent(buffers.pool, seed, region);
    this.#segments = buffers.segments.map((segment) => Buffer.from(segment));
    this.#words = buffers.segments.map((segment) => new Int32Array(segment));
    this.#dirty = new Int32Array(buffers.dirty);
    this.#present = new Int32Array(buffers.present);
    this.#lastVersion = new Uint32Array(buffers.lastVersion);
    this.#firstVersion = new Uint32Array(buffers.firstVersion);
  }

  segmentOf(page: number): Buffer {
    const segment = this.#segments[page >>> segmentShift];
    if (segment === undefined) throw new RangeError(`page ${page} of ${this.pageCount}`);
    return segment;
  }

  offsetOf(page: number): number {
    return (page & (pagesPerSegment - 1)) * pageSizeBytes;
  }

  /** Copies a page's bytes to `target` from `at` on. */
  copyTo(page: number, target: Buffer, at: number): void {
    const offset = this.offsetOf(page);
    this.segmentOf(page).copy(target, at, offset, offset + pageSizeBytes);
  }

  /**
   * Puts a page's bytes, at `at` of `source`, in place; marks nothing. Page by page on purpose: one copy for a whole
   * run of neighbours takes a third more CPU time (measured at 10 Gb/s, 1 MiB runs).
   */
  copyFrom(page: number, source: Buffer, at: number): void {
    source.copy(this.segmentOf(page), this.offsetOf(page), at, at + pageSizeBytes);
  }

  /** Makes a page zero without touching memory that is zero already. */
  clear(page: number): void {
    const segment = this.segmentOf(page);
    const offset = this.offsetOf(page);
    if (!isZero(segment, offset)) segment.fill(0, offset, offset + pageSizeBytes);
  }

  /** Touches a page's memory so that the kernel backs it now (prealloc). Only for pages that are still zero. */
  populate(page: number): void {
    this.segmentOf(page)[this.offsetOf(page)] = 0;
  }

  /** Whether a page is all zeros. A page never written here needs no look, as a pagemap would tell a hypervisor. */
  isZeroPage(page: number): boolean {
    if (this.#lastVersion[page] === 0) return true;
    const offset = this.offsetOf(page);
    const first = this.#words[page >>> segmentShift]?.[offset >>> 2] ?? 0;
    const second = this.#words[page >>> segmentShift]?.[(offset >>> 2) + 1] ?? 0;
    return first === 0 && second === 0 && isZero(this.segmentOf(page), offset);
  }

  /**
   * Whether a page repeats its first bytes from end to end; its pattern is appended to `patternWords` then. The pattern
   * is read first: what the guest writes meanwhile makes the page dirty again.
   */
  takeUniform(page: number, patternWords: number[]): boolean {
    const words = this.#words[page >>> segmentShift]!;
    const word = this.offsetOf(page) >>> 2;
    const [first, second, third, fourth] = [
      words[word]!,
      words[word + 1]!,
      words[word + 2]!,
      words[word + 3]!,
    ];
    if (!isUniform(this.segmentOf(page), this.offsetOf(page))) return false;
    patternWords.push(first, second, third, fourth);
    return true;
  }

  /** Fills a page with the pattern at `at` of `patterns`; marks nothing. */
  fillUniform(page: number, patterns: Buffer, at: number): void {
    const segment = this.segmentOf(page);
    const offset = this.offsetOf(page);
    patterns.copy(segment, offset, at, at + uniformPatternBytes);
    fillUniform(segment, offset);
  }

  /** Writes a version of a page as the guest does; sets no bit. */
  writeVersion(page: number, version: number): void {
    const words = this.#words[page >>> segmentShift];
    if (words === undefined) throw new RangeError(`page ${page} of ${this.pageCount}`);
    this.content.write(this.segmentOf(page), words, this.offsetOf(page), page, version);
    this.#lastVersion[page] = version + 1;
  }

  /** The version that a page's bytes are, -1 when they are none. */
  readVersion(page: number): number {
    const words = this.#words[page >>> segmentShift];
    if (words === undefined) throw new RangeError(`page ${page} of ${this.pageCount}`);
    return this.content.versionAt(this.segmentOf(page), words, this.offsetOf(page), page);
  }

  /** Version that this host's guest last knew of a page; -1 = it never touched the page here. */
  knownVersion(page: number): number {
    return (this.#lastVersion[page] ?? 0) - 1;
  }

  /** Notes the version that the guest met at its first touch of a page on this host. */
  noteFirstVersion(page: number, version: number): void {
    this.#firstVersion[page] = version + 1;
    this.#lastVersion[page] = version + 1;
  }

  /** Version that the guest met at its first touch here; -1 = never touched. */
  firstVersion(page: number): number {
    return (this.#firstVersion[page] ?? 0) - 1;
  }

  /** A write sets the bit *after* the bytes: a copy taken in between is torn, but its page is dirty again. */
  markDirty(page: number): void {
    Atomics.or(this.#dirty, page >>> 5, 1 << (page & 31));
  }

  isDirty(page: number): boolean {
    return (Atomics.load(this.#dirty, page >>> 5) & (1 << (page & 31))) !== 0;
  }

  /** Bitmap sync: the pages dirtied since the last one. */
  drainDirty(): PageSet {
    return PageSet.drain(this.pageCount, this.#dirty);
  }

  isPresent(page: number): boolean {
    return (Atomics.load(this.#present, page >>> 5) & (1 << (page & 31))) !== 0;
  }

  /** Returns whether the page was missing before. */
  markPresent(page: number): boolean {
    const bit = 1 << (page & 31);
    return (Atomics.or(this.#present, page >>> 5, bit) & bit) === 0;
  }

  /** Takes `count` pages from `first` on as missing, word by word. Returns how many of them were there before. */
  markMissing(first: number, count: number): number {
    const end = first + count;
    let missed = 0;
    for (let page = first; page < end;) {
      const bit = page & 31;
      const bits = Math.min(32 - bit, end - page);
      const mask = (bits === 32 ? -1 : (1 << bits) - 1) << bit;
      missed += popCount(Atomics.and(this.#present, page >>> 5, ~mask) & mask);
      page += bits;
    }
    return missed;
  }

  markAllPresent(): void {
    this.#present.fill(-1);
  }

  /** The ledger: version + 1 by page, 0 = never written since boot. A view, not a copy. */
  get ledger(): Uint32Array {
    return this.#lastVersion;
  }
}
