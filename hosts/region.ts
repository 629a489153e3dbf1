import type { RegionShape } from '#proto/migration';
import type { PageSet } from './guest/page-set.ts';

/** What is compared after a migration: units (pages of RAM, sectors of a disk) and what this host knows of them. */
export interface Compared {
  /** Words of proto/ledger.ts by unit: what this host's guest last wrote there, or saw. A view, not a copy. */
  readonly ledger: Uint32Array;
  /** The version that the guest met at its first touch here; -1 = it never touched it. */
  firstVersion(unit: number): number;
  /** Reads that found anything but what this host's guest had last written. */
  readonly staleReads: number;
}

/** A region on one host: what the migration needs of it at either end. Blocks are numbered from 0. */
export interface Region extends RegionShape, Compared {
  /** Bitmap sync: the blocks dirtied since the last one. */
  drainDirty(): PageSet;
  /** Whether a block has been dirtied since the last sync. */
  isDirty(block: number): boolean;
  /** Whether a block is all zeros. */
  isZero(block: number): boolean;
  /** Copies a block's bytes to `target` from `at` on. */
  copyTo(block: number, target: Buffer, at: number): void;
  /** Copies a block's bytes from `at` in `source` into place; marks nothing. */
  copyFrom(block: number, source: Buffer, at: number): void;
  /** Makes a block zero. */
  clear(block: number): void;
  isPresent(block: number): boolean;
  /** Returns whether the block was missing before. */
  markPresent(block: number): boolean;
  /** Marks `count` blocks from `first` on as missing. Returns how many of them were present before. */
  markMissing(first: number, count: number): number;
  /**
   * Whether blocks may be missing when the guest is resumed at the destination, and arrive later on demand or by the
   * push. Otherwise all blocks arrive before (QEMU: must_precopy and can_postcopy).
   */
  readonly canPostcopy: boolean;
  /** Whether blocks of zeros travel as runs; undefined = as capability zero-page-detection says. */
  readonly elidesZeros?: boolean;

  // The units in which its content is compared: pages of RAM, sectors of a disk.

  /** The version that a unit's bytes represent, -1 if none. */
  readVersion(unit: number): number;
  /** The version that this host's guest last knew of a unit; -1 = it never touched it here. */
  knownVersion(unit: number): number;
}
