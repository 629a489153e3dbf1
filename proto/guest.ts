/** The guest as a scenario describes it and an agent boots it. */

export const workloadNames = ['idle', 'stress', 'hotspot', 'read'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/**
 * What the pages of a workload's region hold behind the 16-byte header by which they verify themselves:
 *
 *   random        bytes that nothing can shorten, all of them others with every write
 *   uniform       the header, over and over
 *   sparse        random bytes of which a write changes 48, somewhere in the page
 *   compressible  random bytes, every stretch of a third of the page three times: zstd makes a third of it
 *   duplicate     one of 256 random bodies, with every write another: behind their headers many pages are the same
 */
export const workloadContents = ['random', 'uniform', 'sparse', 'compressible', 'duplicate'] as const;
export type WorkloadContent = (typeof workloadContents)[number];

/** In which order `read` reads its region; `hot-set` as hotspot writes. */
export const readPatterns = ['sequential', 'strided', 'random', 'hot-set'] as const;
export type ReadPattern = (typeof readPatterns)[number];

export interface WorkloadConfig {
  name: WorkloadName;
  /** Bytes of the region the workload dirties; it lies behind the base footprint and is populated at boot. */
  regionBytes: number;
  /** Target dirty rate, of `read` its rate of reads, in pages per second over all vCPUs; 0 = flat out. */
  dirtyRatePagesPerSecond: number;
  /** read only. */
  pattern: ReadPattern;
  /** hotspot, and read hot-set: share of the accesses (0–1) that go to the hot part … */
  hotWriteFraction: number;
  /** … and the share of the region (0–1) that is hot. */
  hotRegionFraction: number;
  content: WorkloadContent;
}

export interface GuestConfig {
  ramBytes: number;
  vcpus: number;
  /** Non-zero bytes at boot (kernel, libraries, page cache of a real guest), from the lowest page up. */
  baseFootprintBytes: number;
  deviceStateBytes: number;
  workload: WorkloadConfig;
  /**
   * The destination backs the footprint with memory before the migration, like QEMU's memory backend with
   * prealloc=on: a first touch costs up to 10 µs a page, thirty times what copying the page does.
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
