import { defaultContent } from '#catalogue/contents';
import { defaultStrategy } from '#catalogue/strategies';
import { defaultWorkload, workloads } from '#catalogue/workloads';
import { gibibyte, mebibyte, pageSizeBytes } from '#proto/units';

/** Defaults that don't depend on other fields. */
export const defaults = {
  link: 'coleraine-dublin',
  driver: 'auto',
  backend: 'auto',
  strategy: defaultStrategy,
  workload: defaultWorkload,
  ramBytes: gibibyte,
  vcpus: 1,
  deviceStateBytes: mebibyte,
  prealloc: true,
  congestionControl: 'cubic',
  repeat: 1,
  seed: 1,
  warmupMs: 2000,
  pingIntervalMs: 1,
  content: defaultContent,
  dirtyBitmap: true,
  timeoutAction: 'cancel',
  diskBytes: gibibyte,
  diskBlockBytes: 64 << 10,
  diskIncremental: true,
} as const;

export const wholePages = (bytes: number): number => Math.floor(bytes / pageSizeBytes) * pageSizeBytes;

/** A quarter of the RAM, at most 256 MiB; none for a workload without a region. */
export const defaultRegionBytes = (workload: string, ramBytes: number): number =>
  workloads.get(workload)?.hasRegion === false ? 0 : wholePages(Math.min(256 * mebibyte, ramBytes / 4));

/** Kernel, libraries and page cache of a small guest: 256 MiB, at most a quarter of the RAM. */
export const defaultBaseFootprintBytes = (ramBytes: number): number =>
  wholePages(Math.min(256 * mebibyte, ramBytes / 4));

/** A quarter of the disk, at most 256 MiB: a small installed system. */
export const defaultDiskAllocatedBytes = (diskBytes: number): number =>
  wholePages(Math.min(256 * mebibyte, diskBytes / 4));

/** The default dirty rate rewrites the region this often … */
const rewritesPerSecond = 2;
/** … up to this many pages a second (512 MiB/s), which a vCPU thread does in a fraction of a core. */
const defaultDirtyRateMax = 131_072;

/**
 * Rewrites the region twice a second, hence many times during a migration of seconds, but at most 131,072 pages/s to
 * leave the cores to the migration.
 */
export const defaultDirtyRate = (workload: string, regionBytes: number): number =>
  workloads.get(workload)?.hasDirtyRate === false
    ? 0
    : Math.min(defaultDirtyRateMax, Math.max(1, (regionBytes / pageSizeBytes) * rewritesPerSecond));
