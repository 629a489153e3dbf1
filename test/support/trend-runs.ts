import type { CompletedRun, RunResult, SweepOfRun } from '../../harness/result.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import { completedPaperResult } from './paper-result.ts';
import { calibrationOf } from './synthetic-calibration.ts';

/** Runs of sweeps with given figures, for tests of what judges, compares or exports them; nothing of them was measured. */

export const mebibyte = 2 ** 20;

export interface PaperRun {
  experiment: 'icclab-10g' | 'ulster-wan';
  part: string;
  cell: SweepOfRun['cell'];
  repeat: number;
  guestScale?: number;
  link: { profile: string; mbps: number; rttMs: number };
  strategy?: 'hybrid' | 'post-copy' | 'pre-copy';
  ramBytes?: number;
  /** The workload's region, as scaled. */
  stressedBytes?: number;
  totalTimeMs: number;
  setupTimeMs?: number;
  downtimeMs: number;
  transferredBytes: number;
  faults?: number;
  faultP50Ms?: number;
  /** Ends the run with this error instead of figures. */
  error?: ErrorCode;
}

// One for all: making it takes longer than copying what differs.
const paper = completedPaperResult() as CompletedRun;

const settingOf = (run: PaperRun) => {
  const { experiment, part, cell, repeat, guestScale = 1, strategy = 'hybrid', stressedBytes = 0 } = run;
  return {
    runId: [part, ...Object.values(cell), repeat, guestScale].join('/'),
    driver: 'netns' as const,
    strategy,
    scenario: {
      ...paper.scenario,
      name: experiment,
      link: run.link.profile,
      strategy,
      guest: { ...paper.scenario.guest, ramBytes: run.ramBytes ?? 12_288 * mebibyte * guestScale },
      workload: {
        ...paper.scenario.workload,
        name: stressedBytes > 0 ? ('stress' as const) : ('idle' as const),
        regionBytes: stressedBytes,
      },
    },
    link: calibrationOf(run.link),
    sweep: { sweepId: 'paper', name: experiment, experiment, guestScale, part, cell, repeat, order: 0 },
  };
};

const measurementOf = (run: PaperRun): CompletedRun['measurement'] => {
  const { totalTimeMs, setupTimeMs = 50, downtimeMs, transferredBytes, faults = 0 } = run;
  return {
    ...paper.measurement,
    totalTimeMs,
    setupTimeMs,
    downtimeMs,
    downtime: { ...paper.measurement.downtime, loadMs: downtimeMs },
    ram: { ...paper.measurement.ram, transferred: transferredBytes },
    pageGoodputMbps: (transferredBytes * 8) / 1000 / (totalTimeMs - setupTimeMs),
    wire: {
      ...paper.measurement.wire,
      sourceToDestinationBytes: transferredBytes * 1.04,
      destinationToSourceBytes: transferredBytes * 0.01,
    },
    faults: { ...paper.measurement.faults, count: faults, p50Us: (run.faultP50Ms ?? 1) * 1000, p99Us: 9000 },
  };
};

export const trendRun = (run: PaperRun): RunResult => {
  const setting = settingOf(run);
  if (run.error === undefined) return { ...paper, ...setting, measurement: measurementOf(run) };
  return {
    ...paper,
    ...setting,
    state: 'failed',
    measurement: null,
    error: { code: run.error, message: `it ended with ${run.error}` },
    evidence: {
      source: null,
      destination: null,
      rounds: [1, 2].flatMap(() => paper.measurement.rounds),
      measurement: null,
    },
  };
};

/** Three repetitions around the figures: a little less, exactly, a little more, so that medians are the figures. */
export const repeats = (run: Omit<PaperRun, 'repeat'>, spread = 0.002): PaperRun[] =>
  [-1, 0, 1].map((side, repeat) => ({
    ...run,
    repeat,
    totalTimeMs: run.totalTimeMs * (1 + side * spread),
    downtimeMs: run.downtimeMs * (1 + side * spread),
  }));
