import type { ErrorCode } from '#proto/errors';
import type { CompletedRun, SweepOfRun } from '../result.ts';
import type { PredictedOfRun } from '../result/sweep.ts';

type Traffic = NonNullable<CompletedRun['measurement']['traffic']>[number];

/** The figures of a synthetic run to test checks on, in its study's experiment. */
export interface PaperRun {
  part: string;
  cell: SweepOfRun['cell'];
  repeat: number;
  /** κ_M; default 1. */
  guestScale?: number;
  link: { profile: string; mbps: number; rttMs: number };
  /** Default: the scenario's default. */
  strategy?: string;
  ramBytes?: number;
  /** The workload's region, as scaled. */
  stressedBytes?: number;
  totalTimeMs: number;
  setupTimeMs?: number;
  downtimeMs: number;
  transferredBytes: number;
  faults?: number;
  faultP50Ms?: number;
  /** What the traffic beside it reached; lost packets and round trips are left out. */
  traffic?: Pick<Traffic, 'kind' | 'offeredMbps' | 'beforeMbps' | 'duringMbps' | 'afterMbps'>;
  /** What its load saw of the service in the guest; the other figures of the spans are left out. */
  service?: {
    rate: number;
    p95BeforeMs: number;
    p95DuringMs: number;
    errorsBefore: number;
    errorsDuring: number;
  };
  /** What models predicted of it before it began. */
  predicted?: readonly Pick<PredictedOfRun, 'model' | 'totalTimeMs' | 'downtimeMs'>[];
  /** Ends the run with this error instead of figures. */
  error?: ErrorCode;
}

/** Three repetitions: slightly below, exactly at, and slightly above the figures, so that these are the medians. */
export const repeated = <R extends Omit<PaperRun, 'repeat'>>(
  run: R,
  spread = 0.002,
): (R & Pick<PaperRun, 'repeat'>)[] =>
  [-1, 0, 1].map((side, repeat) => ({
    ...run,
    repeat,
    totalTimeMs: run.totalTimeMs * (1 + side * spread),
    downtimeMs: run.downtimeMs * (1 + side * spread),
  }));

/** The ideal time of a migration: fixed overhead, two round trips, bytes over bandwidth. */
export const physicalTimeMs = (fixedMs: number, rttMs: number, bytes: number, mbps: number): number =>
  fixedMs + 2 * rttMs + (bytes * 8) / 1000 / mbps;

type Wanted = Readonly<Record<string, string | number>>;

/** Whether a run is of this part, and of a cell with these labels. */
export const isIn = (run: PaperRun, part: string, labels: Wanted = {}): boolean =>
  run.part === part && Object.entries(labels).every(([axis, value]) => run.cell[axis] === value);

/** A negative control's change of runs. */
type Spoil = (runs: readonly PaperRun[]) => PaperRun[];

/** Changes the runs of one part, or of some of its cells. */
export const where =
  (part: string, labels: Wanted, change: (run: PaperRun) => Partial<PaperRun>): Spoil =>
  (runs) =>
    runs.map((run) => (isIn(run, part, labels) ? { ...run, ...change(run) } : run));

/** Gives cells of a part the figures of another part's cells with the same labels except for `otherLabels`. */
export const asIn =
  (part: string, labels: Wanted, other: string, otherLabels: Wanted = labels): Spoil =>
  (runs) =>
    where(part, labels, (run) => {
      const cell = { ...run.cell, ...otherLabels };
      const model = runs.find((each) => isIn(each, other, cell) && each.repeat === run.repeat)!;
      const { totalTimeMs, downtimeMs, transferredBytes } = model;
      return { totalTimeMs, downtimeMs, transferredBytes };
    })(runs);

/** @param factor of the total time */
export const slower =
  (factor: number) =>
  ({ totalTimeMs }: PaperRun): Partial<PaperRun> => ({ totalTimeMs: totalTimeMs * factor });

export const longerPause =
  (byMs: number) =>
  ({ downtimeMs }: PaperRun): Partial<PaperRun> => ({ downtimeMs: downtimeMs + byMs });
