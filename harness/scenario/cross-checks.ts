import { takersOf } from '#catalogue/parameter';
import { workloadParameters, workloads } from '#catalogue/workloads';
import { seedMax } from '#proto/guest';
import type { WorkloadConfig } from '#proto/guest';
import { formatBytes } from '../format.ts';
import { observerStallMaxMs } from '../measure/cross-checks.ts';
import type { CrossCheck } from './cross-check.ts';
import { diskChecks, diskKeys } from './disk-checks.ts';
import { hostChecks } from './host-checks.ts';
import { loadChecks } from './load-checks.ts';
import { switchChecks } from './switch-checks.ts';
import { timelineChecks } from './timeline-checks.ts';
import { trafficChecks } from './traffic-checks.ts';

/** The traits that the section's keys depend on, besides the workloads' parameters. */
const shared = { region: 'hasRegion', content: 'hasRegion', dirtyRate: 'hasDirtyRate' } as const;

const isShared = (key: string): key is keyof typeof shared => Object.hasOwn(shared, key);

/** The keys that a workload takes besides its name. */
const keysOf = (workload: WorkloadConfig): string[] => {
  const definition = workloads.get(workload.name);
  const own = Object.keys(workloadParameters(workload.name, workload));
  return [...Object.keys(shared).filter((key) => isShared(key) && definition?.[shared[key]]), ...own];
};

const takersOfKey = (key: string): string[] =>
  isShared(key)
    ? [...workloads.values()].filter((each) => each[shared[key]]).map(({ name }) => name)
    : takersOf(workloads.values(), key);

/**
 * Half of what the cross-check of the downtime allows between two pings at the ends of the gap; the other half is for
 * an observer that has to wait for a core.
 */
export const pingIntervalMaxMs = observerStallMaxMs / 2;

export const crossChecks: readonly CrossCheck[] = [
  {
    reads: ['guest.ram', 'guest.baseFootprint', 'workload.name', 'workload.region'],
    problem: ({ guest, workload }) =>
      guest.baseFootprintBytes + workload.regionBytes > guest.ramBytes
        ? `guest.ram: ${formatBytes(guest.ramBytes)} can't hold the base footprint (guest.baseFootprint: ` +
          `${formatBytes(guest.baseFootprintBytes)}) and the workload's region after it (workload.region: ` +
          `${formatBytes(workload.regionBytes)})`
        : undefined,
  },
  {
    reads: ['workload.name', 'workload.region'],
    problem: ({ workload }) =>
      workloads.get(workload.name)?.hasRegion === true && workload.regionBytes === 0
        ? `workload.region: ${workload.name} needs a region to work on, got 0`
        : undefined,
  },
  {
    reads: ['workload.name'],
    problem: ({ workload }, document) => {
      const given = Object.entries(document.workload ?? {}).filter(([, value]) => value !== undefined);
      const keys = keysOf(workload);
      return given
        .filter(([key]) => key !== 'name' && !keys.includes(key) && !diskKeys.includes(key))
        .map(([key]) => {
          const takes = keys.length === 0 ? 'none' : keys.join(', ');
          return `workload.${key}: belongs to ${takersOfKey(key).join(', ')}; ${workload.name} takes ${takes}`;
        });
    },
  },
  {
    reads: ['pingIntervalMs'],
    problem: ({ pingIntervalMs }) =>
      pingIntervalMs > pingIntervalMaxMs
        ? `pingIntervalMs: expected a whole number from 1 to ${pingIntervalMaxMs}, got ${pingIntervalMs}: pings further ` +
          `apart can't show when the guest fell silent, so no run would be valid`
        : undefined,
  },
  {
    reads: ['seed', 'repeat'],
    problem: ({ seed, repeat }) =>
      seed + repeat - 1 > seedMax
        ? `seed: run i has seed + i; with ${repeat} runs from ${seed}, the last seed exceeds ${seedMax}`
        : undefined,
  },
  ...diskChecks,
  ...loadChecks,
  ...switchChecks,
  ...trafficChecks,
  ...timelineChecks,
  ...hostChecks,
];
