import { calibrationOf } from '#harness/trends/paper-link';
import type { CompletedRun, RunResult, SweepOfRun } from '#harness/result';
import { endedResult, startRecord } from '#harness/run/record';
import { LivemigError } from '#proto/errors';
import { completedPaperResult } from './paper-result.ts';
import { scriptedScenario } from './scripted-testbed.ts';

/** What a run was, and what it came to. Its figures are given, never measured. */
export interface VariedRun {
  strategy?: string;
  strategySha256?: string;
  ramMiB?: number;
  profile?: string;
  driver?: 'netns' | 'docker' | 'sim';
  /** Of a sweep: its cell's labels. */
  cell?: SweepOfRun['cell'];
  part?: string;
  sweep?: string;
  repeat?: number;
  totalTimeMs?: number;
  downtimeMs?: number;
  sentBytes?: number;
}

let made = 0;

const settingOf = (given: VariedRun) => {
  const {
    strategy = 'pre-copy',
    ramMiB = 16,
    profile = 'lan-1g',
    driver = 'netns',
    cell,
    repeat = 0,
  } = given;
  return {
    runId: `varied-${made++}`,
    driver,
    strategy,
    scenario: {
      ...scriptedScenario,
      link: profile,
      strategy,
      guest: { ...scriptedScenario.guest, ramBytes: ramMiB * 1024 ** 2 },
    },
    link: calibrationOf({ profile, mbps: 941, rttMs: 0.4 }),
    sweep:
      cell === undefined
        ? null
        : {
            ...{ sweepId: 'varied', name: given.sweep ?? 'mine', experiment: null, guestScale: 1 },
            ...{ part: given.part ?? 'all', cell, repeat, order: made },
          },
  };
};

const withDigest = <R extends RunResult>(run: R, { strategySha256 }: VariedRun): R =>
  strategySha256 === undefined ? run : { ...run, environment: { ...run.environment, strategySha256 } };

/** A completed run. */
export const variedRun = (given: VariedRun): CompletedRun => {
  const paper = completedPaperResult() as CompletedRun;
  const { totalTimeMs = 1000, downtimeMs = 40, sentBytes = 16 * 1024 ** 2 } = given;
  const { measurement } = paper;
  return withDigest(
    {
      ...paper,
      ...settingOf(given),
      measurement: {
        ...measurement,
        totalTimeMs,
        downtimeMs,
        ram: { ...measurement.ram, transferred: sentBytes },
      },
    },
    given,
  );
};

/** A run that failed. @param isEarly before it had a testbed and a link */
export const variedFailure = (given: VariedRun, isEarly = false): RunResult => {
  const failed: RunResult = {
    ...endedResult(startRecord(scriptedScenario), new LivemigError('NOT_CONVERGED', 'it never would have')),
    ...settingOf(given),
  };
  return withDigest(
    isEarly
      ? {
          ...failed,
          driver: null,
          link: { ...failed.link, backend: null, definition: null, calibration: null },
        }
      : failed,
    given,
  );
};
