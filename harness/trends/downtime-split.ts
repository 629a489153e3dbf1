import type { CompletedRun, Downtime } from '../result.ts';
import type { Runs } from './needs.ts';
import { medianOf, mostBy } from './statistics.ts';
import { figure } from './words.ts';

const parts: Readonly<Record<Exclude<keyof Downtime, 'pauseMs'>, string>> = {
  drainMs: 'draining the disk',
  leaseMs: "the disk's lease",
  preSwitchoverMs: 'waiting for continue',
  finalPagesMs: 'pages and bitmap',
  deviceStateMs: 'sending the device state',
  propagationMs: 'propagation',
  loadMs: 'loading',
  resumeMs: 'resuming',
};

/** Where two cells' downtimes differ: the part with the largest difference of medians. */
export const downtimeDifference = (more: Runs, less: Runs): string => {
  const differences = Object.entries(parts).map(([key, text]) => {
    const of = ({ measurement }: CompletedRun): number =>
      measurement.downtime[key as keyof typeof parts] ?? 0;
    return { text, ms: medianOf(more, of) - medianOf(less, of) };
  });
  const largest = mostBy(differences, ({ ms }) => Math.abs(ms));
  return `most of the difference is ${largest.text}: ${largest.ms < 0 ? '' : '+'}${figure(largest.ms)} ms`;
};
