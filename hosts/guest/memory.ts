import { ramRegion } from '#proto/migration-bounds';
import { pageSizeBytes, uniformPatternBytes } from '#proto/units';
import { pagesPerSegment, randomEverywhere, segmentShift } from './geometry.ts';
import type { RegionContent } from './geometry.ts';
import { fillUniform, isUniform } from '#catalogue/contents/parts/uniform';
import { isZero as isZeroAt, PageContent } from './page-content.ts';
import type { PageSet } from './page-set.ts';
import type { Region } from '../region.ts';
import { SharedBitmap } from './shared-bitmap.ts';
import { control } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

/**
 * Guest RAM as the hypervisor sees it: pages to send, pages to install, bitmaps. One per thread that needs it; the
 * buffers behind it are shared.
 */
export class GuestMemory implements Region {
  readonly id = ramRegion;
  readonly name = 'ram';
  readonly blockSizeBytes = pageSizeBytes;
  readonly canPostcopy = true;
  readonly pageCount: number;
  readonly content: PageContent;
  readonly #segments: Buffer[];
  readonly #words: Int32Array[];
  readonly #dirty: SharedBitmap;
  readonly #log: SharedBitmap;
  readonly #present: SharedBitmap;
  readonly #controls: Int32Array;
  readonly #lastVersion: Uint32Array;
  readonly #firstVersion: Uint32Array;

  /** @param region pages that hold anything but random bytes. */
  constructor(buffers: GuestBuffers, seed: number, region: RegionContent = randomEverywhere) {
    this.pageCount = buffers.pageCount;
    this.content = new PageContent(buffers.pool, seed, region);
    this.#segments = buffers.segments.map((segment) => Buffer.from(segment));
    this.#words = buffers.segments.map((segment) => new Int32Array(segment));
    this.#dirty = new SharedBitmap(buffers.pageCount, buffers.dirty);
    this.#log = new SharedBitmap(buffers.pageCount, buffers.log);
    this.#present = new SharedBitmap(buffers.pageCount, buffers.present);
    this.#controls = new Int32Array(buffers.control);
    this.#lastVersion = new Uint32Array(buffers.lastVersion);
    this.#firstVersion = new Uint32Array(buffers.firstVersion);
  }

  get blockCount(): number {
    return this.pageCount;
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
   * Copies a page's bytes from `at` in `source` into place; marks nothing. Page by page on purpose: one copy for a
   * whole run of neighbours takes a third more CPU time (measured at 10 Gb/s, 1 MiB runs).
   */
  copyFrom(page: number, source: Buffer, at: number): void {
    source.copy(this.segmentOf(page), this.offsetOf(page), at, at + pageSizeBytes);
  }

  /** Makes a page zero without touching memory that is zero already. */
  clear(page: number): void {
    const segment = this.segmentOf(page);
    const offset = this.offsetOf(page);
    if (!isZeroAt(segment, offset)) segment.fill(0, offset, offset + pageSizeBytes);
  }

  /** Touches a page's memory so that the kernel backs it now (prealloc). Only for pages that are still zero. */
  populate(page: number): void {
    this.segmentOf(page)[this.offsetOf(page)] = 0;
  }

  /** Whether a page is all zeros. A page never written here need not be read, as a pagemap would tell a hypervisor. */
  isZero(page: number): boolean {
    if (this.#lastVersion[page] === 0) return true;
    const offset = this.offsetOf(page);
    const first = this.#words[page >>> segmentShift]?.[offset >>> 2] ?? 0;
    const second = this.#words[page >>> segmentShift]?.[(offset >>> 2) + 1] ?? 0;
    return first === 0 && second === 0 && isZeroAt(this.segmentOf(page), offset);
  }

  /**
   * Whether a page repeats its first bytes from end to end; if so, its pattern is appended to `patternWords`. The
   * pattern is read first: what the guest writes meanwhile makes the page dirty again.
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

  /** The version that a page's bytes represent, -1 if none. */
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

  get staleReads(): number {
    return Atomics.load(this.#controls, control.staleReads);
  }

  /** The guest has read a page that isn't what it wrote. */
  noteStaleRead(): void {
    Atomics.add(this.#controls, control.staleReads, 1);
  }

  /** A write sets the bit *after* the bytes: a copy taken in between is torn, but its page is dirty again. */
  markDirty(page: number): void {
    this.#dirty.set(page);
    if (this.logsWrites) this.#log.set(page);
  }

  /** Whether writes are noted in a second log, separate from the migration's. */
  get logsWrites(): boolean {
    return Atomics.load(this.#controls, control.logsWrites) !== 0;
  }

  set logsWrites(on: boolean) {
    Atomics.store(this.#controls, control.logsWrites, on ? 1 : 0);
  }

  /** The pages written since the last call, while writes were logged. */
  drainLog(): PageSet {
    return this.#log.drain();
  }

  isDirty(page: number): boolean {
    return this.#dirty.has(page);
  }

  /** Bitmap sync: the pages dirtied since the last one. */
  drainDirty(): PageSet {
    return this.#dirty.drain();
  }

  isPresent(page: number): boolean {
    return this.#present.has(page);
  }

  /** Returns whether the page was missing before. */
  markPresent(page: number): boolean {
    return this.#present.set(page);
  }

  /** Marks `count` pages from `first` on as missing. Returns how many of them were present before. */
  markMissing(first: number, count: number): number {
    return this.#present.clear(first, count);
  }

  markAllPresent(): void {
    this.#present.setAll();
  }

  /** The ledger: version + 1 by page, 0 = never written since boot. A view, not a copy. */
  get ledger(): Uint32Array {
    return this.#lastVersion;
  }
}
