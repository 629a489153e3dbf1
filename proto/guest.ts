/** The guest as a scenario describes it and an agent boots it. */
import type { DiskStorage } from '#catalogue/disk-storages';
import { gibibyte, mebibyte, pageSizeBytes } from './units.ts';

/** Maximum size of a guest. */
export const ramMaxBytes = 16 * gibibyte;
export const vcpusMax = 8;
export const deviceStateMaxBytes = 256 * mebibyte;
/** Smallest and largest disk. */
export const diskLeastBytes = mebibyte;
export const diskMaxBytes = 128 * gibibyte;
/** What a disk is read and written in, and what its content is compared by. */
export const sectorBytes = pageSizeBytes;
/** Largest block of a disk, in which it migrates: any power of two from a sector up. */
export const diskBlockMaxBytes = mebibyte;
export const diskRateMaxSectorsPerSecond = 1_000_000;
export const dirtyRateMaxPagesPerSecond = 1e9;
/** Guests keep their seed in 32 bits. */
export const seedMax = 2 ** 32 - 1;

export interface WorkloadConfig {
  /** One of catalogue/workloads/. */
  name: string;
  /** Bytes of the region that the workload works on; it follows the base footprint and is populated at boot. */
  regionBytes: number;
  /**
   * Target dirty rate (for `read`: rate of reads) in pages per second over all vCPUs; 0 = flat out, or the workload has
   * its own rate.
   */
  dirtyRatePagesPerSecond: number;
  /** What the pages of the region hold: one of catalogue/contents/. */
  content: string;
  /** Writes of random sectors a second, of a guest with a disk; 0 = none. */
  diskWriteRateSectorsPerSecond?: number;
  /** Likewise reads. */
  diskReadRateSectorsPerSecond?: number;
  /** The part of the disk that both work on, from its start. */
  diskRegionBytes?: number;
  /** The workload's own parameters. */
  [parameter: string]: number | string | undefined;
}

/** A guest's disk: a sparse file on the host where the guest runs, or on the storage host, where it stays. */
export interface DiskConfig {
  sizeBytes: number;
  /** Bytes at the disk's start that are written before the guest boots. */
  allocatedBytes: number;
  /** The granularity of its dirty log and of what travels. What follows is without effect on a disk that stays. */
  blockSizeBytes: number;
  storage: DiskStorage;
  /** It is copied while the guest runs; else the guest is paused first. */
  live: boolean;
  /** Blocks that were never written don't travel; else the whole image does, zeros in full. */
  incremental: boolean;
}

/** Whether a size is one that blocks may have. */
export const isBlockSize = (bytes: number): boolean =>
  bytes >= sectorBytes && bytes <= diskBlockMaxBytes && Number.isInteger(Math.log2(bytes));

export interface GuestConfig {
  ramBytes: number;
  vcpus: number;
  /** Non-zero bytes at boot (kernel, libraries, page cache of a real guest), from the lowest page up. */
  baseFootprintBytes: number;
  deviceStateBytes: number;
  /** Absent = none. */
  disk?: DiskConfig;
  workload: WorkloadConfig;
  /**
   * The destination backs the footprint with memory before the migration, like QEMU's memory backend with
   * prealloc=on: a first touch costs up to 10 µs a page, thirty times the cost of copying it.
   */
  prealloc: boolean;
  /** Seeds page contents and workloads. */
  seed: number;
}

/** A vCPU's activity at one moment. */
export interface GuestSample {
  atMs: number;
  /** Operations (page reads and writes) done since boot on this host, over all vCPUs. */
  operations: number;
  pagesDirtied: number;
  /** Time vCPUs have spent blocked on missing pages, summed over vCPUs, in ms. */
  stalledMs: number;
}
