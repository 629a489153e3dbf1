import { sectorBytes } from '#proto/guest';
import { diskRegion } from '#proto/migration-bounds';
import type { Region } from '../region.ts';
import { diskControl } from './disk-shared.ts';
import type { DiskBuffers } from './disk-shared.ts';
import type { DiskStore } from './disk-store.ts';
import { PageContent } from './page-content.ts';
import type { PageSet } from './page-set.ts';
import { SharedBitmap } from './shared-bitmap.ts';
import type { Viewed } from './view.ts';

/** "disk": part of every sector's header, so that a page of RAM is never mistaken for one. */
const diskMark = 0x6469_736b;

/** What a disk's sectors hold, wherever the disk is. @param seed the guest's */
export const diskContent = (pool: ArrayBufferLike, seed: number): PageContent =>
  new PageContent(pool, seed ^ diskMark ^ diskRegion);

/**
 * The guest's disk as a region: it travels in blocks, and is read, written and compared by sectors. Each sector holds the
 * disk's id, its number and version, and a body that follows from them, as pages do. One per thread; the buffers and the
 * file behind it are shared.
 */
export class Disk implements Region {
  readonly id = diskRegion;
  readonly name = 'disk';
  readonly canPostcopy = false;
  readonly elidesZeros: boolean;
  readonly blockSizeBytes: number;
  readonly blockCount: number;
  readonly sectorCount: number;
  readonly ledger: Uint32Array;
  /** As the guest sees it. */
  readonly sectors: Viewed;
  readonly #sectorsPerBlock: number;
  readonly #firstVersion: Uint32Array;
  readonly #dirty: SharedBitmap;
  readonly #present: SharedBitmap;
  readonly #written: SharedBitmap;
  readonly #controls: Int32Array;
  readonly #store: DiskStore;
  readonly #content: PageContent;
  /** A block's bytes on their way to or from the file. */
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  constructor(buffers: DiskBuffers, store: DiskStore) {
    const { sizeBytes, blockSizeBytes, incremental } = buffers.config;
    this.blockSizeBytes = blockSizeBytes;
    this.blockCount = sizeBytes / blockSizeBytes;
    this.sectorCount = sizeBytes / sectorBytes;
    this.elidesZeros = incremental;
    this.ledger = new Uint32Array(buffers.lastVersion);
    this.#sectorsPerBlock = blockSizeBytes / sectorBytes;
    this.#firstVersion = new Uint32Array(buffers.firstVersion);
    this.#dirty = new SharedBitmap(this.blockCount, buffers.dirty);
    this.#present = new SharedBitmap(this.blockCount, buffers.present);
    this.#written = new SharedBitmap(this.blockCount, buffers.written);
    this.#controls = new Int32Array(buffers.control);
    this.#store = store;
    this.#content = diskContent(buffers.pool, buffers.seed);
    const bytes = new ArrayBuffer(blockSizeBytes);
    this.#bytes = Buffer.from(bytes);
    this.#words = new Int32Array(bytes);
    this.sectors = {
      isPresent: (sector) => this.#present.has(this.blockOf(sector)),
      knownVersion: (sector) => this.knownVersion(sector),
      readVersion: (sector) => this.readVersion(sector),
      noteFirstVersion: (sector, version) => {
        this.#firstVersion[sector] = version + 1;
        this.ledger[sector] = version + 1;
      },
      writeVersion: (sector, version) => {
        this.#writeVersions(sector, 1, version);
      },
      // After the bytes, as with pages.
      markDirty: (sector) => {
        this.#dirty.set(this.blockOf(sector));
      },
      noteStaleRead: () => {
        Atomics.add(this.#controls, diskControl.staleReads, 1);
      },
    };
  }

  blockOf(sector: number): number {
    return Math.floor(sector / this.#sectorsPerBlock);
  }

  /** Writes version 1 of a block's sectors, up to sector `end`: before the guest boots. */
  fill(block: number, end: number): void {
    const first = block * this.#sectorsPerBlock;
    this.#writeVersions(first, Math.min(this.#sectorsPerBlock, end - first), 1);
  }

  /** Within one block. */
  #writeVersions(first: number, count: number, version: number): void {
    for (let index = 0; index < count; index++)
      this.#content.write(this.#bytes, this.#words, index * sectorBytes, first + index, version);
    this.#store.write(this.#bytes, 0, count * sectorBytes, first * sectorBytes);
    this.#written.set(this.blockOf(first));
    this.ledger.fill(version + 1, first, first + count);
  }

  readVersion(sector: number): number {
    if (!this.#written.has(this.blockOf(sector))) return 0;
    this.#store.read(this.#bytes, 0, sectorBytes, sector * sectorBytes);
    return this.#content.versionAt(this.#bytes, this.#words, 0, sector);
  }

  knownVersion(sector: number): number {
    return (this.ledger[sector] ?? 0) - 1;
  }

  firstVersion(sector: number): number {
    return (this.#firstVersion[sector] ?? 0) - 1;
  }

  get staleReads(): number {
    return Atomics.load(this.#controls, diskControl.staleReads);
  }

  clean(block: number): void {
    this.#dirty.clear(block, 1);
  }

  drainDirty(): PageSet {
    return this.#dirty.drain();
  }

  isDirty(block: number): boolean {
    return this.#dirty.has(block);
  }

  /** A block never written needs no look. */
  isZero(block: number): boolean {
    return !this.#written.has(block);
  }

  copyTo(block: number, target: Buffer, at: number): void {
    this.#store.read(target, at, this.blockSizeBytes, block * this.blockSizeBytes);
  }

  copyFrom(block: number, source: Buffer, at: number): void {
    this.#store.write(source, at, this.blockSizeBytes, block * this.blockSizeBytes);
    this.#written.set(block);
  }

  clear(block: number): void {
    this.#store.write(this.#bytes.fill(0), 0, this.blockSizeBytes, block * this.blockSizeBytes);
    this.#written.clear(block, 1);
  }

  isPresent(block: number): boolean {
    return this.#present.has(block);
  }

  markPresent(block: number): boolean {
    return this.#present.set(block);
  }

  markMissing(first: number, count: number): number {
    return this.#present.clear(first, count);
  }

  markAllPresent(): void {
    this.#present.setAll();
  }
}
