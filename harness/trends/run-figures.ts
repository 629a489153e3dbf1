import type { CompletedRun, RunResult } from '../result.ts';
import type { Draw } from './statistics.ts';
import { medianOf, mostBy } from './statistics.ts';
import type { Labels } from './set-ups.ts';
import { cellText } from './set-ups.ts';
import type { BusyCell } from './verdict.ts';
import { percent } from './words.ts';
import type { Runs } from './needs.ts';

/** The figures of a run that checks and plots use. */

export const totalTimeMs = ({ measurement }: CompletedRun): number => measurement.totalTimeMs;
export const downtimeMs = ({ measurement }: CompletedRun): number => measurement.downtimeMs;
export const totalTimeS = (run: CompletedRun): number => totalTimeMs(run) / 1000;
export const downtimeS = (run: CompletedRun): number => downtimeMs(run) / 1000;
export const ramBytes = ({ scenario }: RunResult): number => scenario.guest.ramBytes;

/** TCP payload that the calibrated link carries, as iperf measures it in the documents. */
export const bandwidthMbps = ({ link }: RunResult): number => link.calibration?.goodputMbps ?? NaN;

/** Of the machine's CPU time, all that was not idle, on the busiest of the hosts; NaN: unknown. */
const machineBusyShare = ({ measurement }: CompletedRun): number =>
  Math.max(...Object.values(measurement.cpu).map((host) => host.machineBusyShare ?? NaN));

/** The cell whose runs left the machine the least idle time; null if it was not measured. */
export const busiestCellOf = (
  cells: readonly { part: string; labels: Labels; completed: readonly CompletedRun[] }[],
): BusyCell | null => {
  const busy = cells
    .map(({ part, labels, completed }) => ({
      cell: cellText(part, labels),
      machineBusyShare: medianOf(completed, machineBusyShare),
    }))
    .filter((cell) => !Number.isNaN(cell.machineBusyShare));
  return busy.length === 0 ? null : mostBy(busy, (cell) => cell.machineBusyShare);
};

/** CPU time of agents and guest as a share of the machine's during the migration: 1 = saturated. NaN: unknown. */
const cpuShare = ({ measurement, environment }: CompletedRun): number => {
  const usedS = Object.values(measurement.cpu).reduce(
    (sum, { agentS, guestS }) => sum + (agentS ?? NaN) + (guestS ?? NaN),
    0,
  );
  return usedS / ((measurement.totalTimeMs / 1000) * environment.cpus);
};

/** `agents and guest took 41 % of the machine's CPU time`: the median of the runs, where it was measured. */
export const cpuShareText = (runs: readonly CompletedRun[]): string => {
  const share = medianOf(runs, cpuShare);
  return Number.isNaN(share)
    ? "agents' and guest's CPU time was not measured"
    : `agents and guest took ${percent(share)} of the machine's CPU time`;
};

export const bytesPerMs = (mbps: number): number => (mbps * 1000) / 8;

/** Bandwidth of several cells: the median of their medians, so that cells weigh the same. */
export const bandwidthOf = (draw: Draw, cells: readonly Runs[]): number =>
  medianOf(cells, (runs) => medianOf(draw(runs), bandwidthMbps));
