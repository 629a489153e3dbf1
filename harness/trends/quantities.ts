import type { CompletedRun, RunResult } from '../result.ts';
import type { Draw } from './statistics.ts';
import { medianOf } from './statistics.ts';
import type { Runs } from './needs.ts';

const mebibyte = 2 ** 20;

/** The figures of a run that the checks rest on. */

export const totalTimeMs = ({ measurement }: CompletedRun): number => measurement.totalTimeMs;
export const downtimeMs = ({ measurement }: CompletedRun): number => measurement.downtimeMs;
export const ramBytes = ({ scenario }: RunResult): number => scenario.guest.ramBytes;

/** TCP payload that the calibrated link carries, what iperf says in the documents. */
export const bandwidthMbps = ({ link }: RunResult): number => link.calibration?.goodputMbps ?? NaN;

/** CPU time that agents and guest took, of what the machine has in the migration's time: at 1 nothing is left. */
export const cpuShare = ({ measurement, environment }: CompletedRun): number => {
  const usedS = Object.values(measurement.cpu).reduce((sum, { agentS, guestS }) => sum + agentS + guestS, 0);
  return usedS / ((measurement.totalTimeMs / 1000) * environment.cpus);
};

export const bytesPerMs = (mbps: number): number => (mbps * 1000) / 8;

/**
 * Memory that was really under stress: the workload's region. Where the part populates the memory by other means, what
 * the cell's label comes to at this scale; the documents' MB are stress's, 2^20 bytes.
 */
export const stressedBytes = ({ scenario, sweep }: RunResult): number => {
  const labelMB = Number(sweep?.cell['stressMB'] ?? NaN);
  if (labelMB === 0) return 0;
  const { name, regionBytes } = scenario.workload;
  return name !== 'idle' && regionBytes > 0 ? regionBytes : labelMB * mebibyte * (sweep?.guestScale ?? 1);
};

/** Bandwidth of several cells: the median of their medians, so that a cell with more repeats weighs no more. */
export const bandwidthOf = (draw: Draw, cells: readonly Runs[]): number =>
  medianOf(cells, (runs) => medianOf(draw(runs), bandwidthMbps));
