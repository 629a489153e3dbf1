import { formatBytes } from '../format.ts';
import { observerStallMaxMs } from '../measure/cross-checks.ts';
import type { ScenarioDocument } from './schema.ts';
import { seedMax } from './schema.ts';
import { switchChecks } from './switch-checks.ts';
import type { Scenario } from './types.ts';

/** A rule over several fields. It is left out where one of the fields that it `reads` is itself wrong. */
export interface CrossCheck {
  reads: readonly string[];
  /** The problem, or undefined. */
  problem: (scenario: Scenario, document: ScenarioDocument) => string | undefined;
}

/**
 * Half of what the cross-check of the downtime allows between two pings where the gap begins and ends: the other half is
 * for an observer that has to wait for a core.
 */
export const pingIntervalMaxMs = observerStallMaxMs / 2;

export const crossChecks: readonly CrossCheck[] = [
  {
    reads: ['guest.ram', 'guest.baseFootprint', 'workload.name', 'workload.region'],
    problem: ({ guest, workload }) =>
      guest.baseFootprintBytes + workload.regionBytes > guest.ramBytes
        ? `guest.ram: ${formatBytes(guest.ramBytes)} don't hold the base footprint (guest.baseFootprint: ` +
          `${formatBytes(guest.baseFootprintBytes)}) and the workload's region behind it (workload.region: ` +
          `${formatBytes(workload.regionBytes)})`
        : undefined,
  },
  {
    reads: ['workload.name', 'workload.region'],
    problem: ({ workload }) =>
      workload.name !== 'idle' && workload.regionBytes === 0
        ? `workload.region: ${workload.name} needs a region to dirty, got 0`
        : undefined,
  },
  {
    reads: ['workload.name', 'workload.region', 'workload.dirtyRate', 'workload.content'],
    problem: ({ workload }, document) =>
      workload.name === 'idle' &&
      (document.workload?.region !== undefined ||
        document.workload?.dirtyRate !== undefined ||
        document.workload?.content !== undefined)
        ? 'workload: idle only ticks, so it takes no region, no dirtyRate and no content; did you mean "stress"?'
        : undefined,
  },
  {
    reads: ['workload.name', 'workload.pattern'],
    problem: ({ workload }, document) =>
      workload.name !== 'read' && document.workload?.pattern !== undefined
        ? `workload: only read takes a pattern, not ${workload.name}`
        : undefined,
  },
  {
    reads: ['workload.name', 'workload.pattern', 'workload.hotWriteFraction', 'workload.hotRegionFraction'],
    problem: ({ workload }, document) =>
      workload.name !== 'hotspot' &&
      workload.pattern !== 'hot-set' &&
      (document.workload?.hotWriteFraction !== undefined ||
        document.workload?.hotRegionFraction !== undefined)
        ? `workload: only hotspot and read,pattern=hot-set take hotWriteFraction and hotRegionFraction, not ${workload.name}`
        : undefined,
  },
  {
    reads: ['pingIntervalMs'],
    problem: ({ pingIntervalMs }) =>
      pingIntervalMs > pingIntervalMaxMs
        ? `pingIntervalMs: expected a whole number from 1 to ${pingIntervalMaxMs}, got ${pingIntervalMs}: pings further ` +
          `apart don't show when the guest fell silent, so that no run could be believed`
        : undefined,
  },
  {
    reads: ['seed', 'repeat'],
    problem: ({ seed, repeat }) =>
      seed + repeat - 1 > seedMax
        ? `seed: run i has seed + i, and with ${repeat} runs from ${seed} on the last one's is above ${seedMax}`
        : undefined,
  },
  ...switchChecks,
];
