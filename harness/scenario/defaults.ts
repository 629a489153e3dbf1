import type { WorkloadName } from '../../proto/guest.ts';
import { gibibyte, mebibyte, pageSizeBytes } from '../../proto/units.ts';

/** What holds where a scenario says nothing, as far as it doesn't depend on other fields. */
export const defaults = {
  link: 'coleraine-dublin',
  driver: 'auto',
  backend: 'auto',
  strategy: 'hybrid',
  workload: 'stress',
  ramBytes: gibibyte,
  vcpus: 1,
  deviceStateBytes: mebibyte,
  prealloc: true,
  congestionControl: 'cubic',
  repeat: 1,
  seed: 1,
  warmupMs: 2000,
  pingIntervalMs: 1,
  /** hotspot: the 90:10 rule of storage and paging workloads. */
  hotWriteFraction: 0.9,
  hotRegionFraction: 0.1,
  content: 'random',
  pattern: 'sequential',
} as const;

export const wholePages = (bytes: number): number => Math.floor(bytes / pageSizeBytes) * pageSizeBytes;

/** A quarter of the RAM, at most 256 MiB; an idle guest has none. */
export const defaultRegionBytes = (workload: WorkloadName, ramBytes: number): number =>
  workload === 'idle' ? 0 : wholePages(Math.min(256 * mebibyte, ramBytes / 4));

/** What kernel, libraries and page cache of a small guest hold: 256 MiB, at most a quarter of the RAM. */
export const defaultBaseFootprintBytes = (ramBytes: number): number =>
  wholePages(Math.min(256 * mebibyte, ramBytes / 4));

/** The default dirty rate rewrites the region this often … */
const rewritesPerSecond = 2;
/** … up to this many pages a second (512 MiB/s), which a vCPU thread does in a fraction of a core. */
const defaultDirtyRateMax = 131_072;

/**
 * Rewrites the region twice a second, so many times during a migration of seconds, yet leaves the cores to those who
 * carry it: at most 131,072 pages/s.
 */
export const defaultDirtyRate = (workload: WorkloadName, regionBytes: number): number =>
  workload === 'idle'
    ? 0
    : Math.min(defaultDirtyRateMax, Math.max(1, (regionBytes / pageSizeBytes) * rewritesPerSecond));
