import type { DiskConfig } from '#proto/guest';
import { sectorBytes } from '#proto/guest';
import { bitmapBytes } from './shared-bitmap.ts';

/** Words of the disk's control block. */
export const diskControl = {
  staleReads: 0,
  /** 1 = writes are reported and need acknowledging. */
  mirrors: 1,
  /** Writes reported so far, and how many of them are acknowledged; both wrap around. */
  told: 2,
  acknowledged: 3,
  /** The most reported writes that aren't acknowledged. */
  inFlightMost: 4,
  words: 5,
} as const;

/** What the threads of a guest share of its disk, besides the file. */
export interface DiskBuffers {
  config: DiskConfig;
  seed: number;
  /** The guest's buffer that sectors' bodies are cut from. */
  pool: ArrayBufferLike;
  /** Bit per block: written since the last bitmap sync. */
  dirty: SharedArrayBuffer;
  /** Bit per block: the block is here. */
  present: SharedArrayBuffer;
  /** Bit per block: something has been written to it here, by the guest or by a migration. */
  written: SharedArrayBuffer;
  /** Version + 1 by sector that this host's guest last wrote to it or saw in it; 0 = never touched here. */
  lastVersion: SharedArrayBuffer;
  /** Version + 1 by sector that this host's guest saw at its first touch; 0 = never touched here. */
  firstVersion: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

/** Nothing is written, so that a large disk costs nothing until it is used. */
export const allocateDisk = (config: DiskConfig, seed: number, pool: ArrayBufferLike): DiskBuffers => {
  const blocks = bitmapBytes(config.sizeBytes / config.blockSizeBytes);
  const versions = (config.sizeBytes / sectorBytes) * 4;
  return {
    config,
    seed,
    pool,
    dirty: new SharedArrayBuffer(blocks),
    present: new SharedArrayBuffer(blocks),
    written: new SharedArrayBuffer(blocks),
    lastVersion: new SharedArrayBuffer(versions),
    firstVersion: new SharedArrayBuffer(versions),
    control: new SharedArrayBuffer(diskControl.words * 4),
  };
};
