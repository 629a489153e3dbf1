import type { CompletedRun, RunResult } from '../result.ts';
import { median, sorted } from '../measure/statistics.ts';
import { pageSizeBytes } from '#proto/units';
import type { Figures } from './loop.ts';

/** Where figures come from: the runs that they were taken from, or null where they were given or estimated. */
export interface Calibration {
  figures: Figures;
  runIds: readonly string[];
}

/** What the figures are of. */
export interface Calibrated {
  strategy: string;
  /** Name of its profile. */
  link: string;
}

const isCompleted = (run: RunResult): run is CompletedRun => run.state === 'completed';

/** Time of the rounds with pages, and their bytes. */
const roundsOf = ({ measurement: { rounds } }: CompletedRun, phase: string) => {
  const those = rounds.filter((round) => round.phase === phase);
  const sum = (of: (round: (typeof those)[number]) => number): number =>
    those.reduce((total, round) => total + of(round), 0);
  return { bytes: sum(({ bytesSent }) => bytesSent), durationMs: sum(({ durationMs }) => durationMs) };
};

/** Bytes of pages a ms, over all rounds that move a good deal of them; null where no round does. */
const rateOf = (run: CompletedRun): number | null => {
  for (const phase of ['precopy', 'postcopy', 'downtime']) {
    const { bytes, durationMs } = roundsOf(run, phase);
    if (durationMs > 0 && bytes >= pageSizeBytes) return bytes / durationMs;
  }
  return null;
};

const medianOf = (values: readonly number[]): number => median(sorted(values)) ?? Number.NaN;

/**
 * The figures of a migration, from runs of the same strategy over the same link.
 * @returns what is wrong with them, where they don't do
 */
export const calibrationOf = (runs: readonly RunResult[], of: Calibrated): Calibration | string => {
  const fit = runs
    .filter(isCompleted)
    .filter(({ strategy, link }) => strategy === of.strategy && link.profile === of.link)
    .flatMap((run) => {
      const bytesPerMs = rateOf(run);
      return bytesPerMs === null ? [] : [{ run, bytesPerMs }];
    });
  if (fit.length === 0)
    return `expected completed runs of ${of.strategy} over ${of.link}, got ${runs.length} runs and none of these`;
  const bytesPerMs = medianOf(fit.map((each) => each.bytesPerMs));
  return {
    runIds: fit.map(({ run }) => run.runId),
    figures: {
      bytesPerMs,
      rttMs: medianOf(fit.map(({ run }) => run.link.calibration?.rttMs ?? 0)),
      preMs: medianOf(fit.map(({ run }) => run.measurement.setupTimeMs)),
      postMs: medianOf(
        fit.map(({ run }) =>
          Math.max(0, run.measurement.downtimeMs - roundsOf(run, 'downtime').bytes / bytesPerMs),
        ),
      ),
      pageSizeBytes,
    },
  };
};

/** Round trips of a hand-over: device state, order to resume, the first answer. */
const switchoverRoundTrips = 1.5;

/** Where there are no calibration runs: from the link alone. */
export const estimatedFigures = (
  { goodputMbps, rttMs }: { goodputMbps: number; rttMs: number },
  deviceStateBytes: number,
): Figures => {
  const bytesPerMs = (goodputMbps * 1000) / 8;
  return {
    bytesPerMs,
    rttMs,
    preMs: 2 * rttMs,
    postMs: deviceStateBytes / bytesPerMs + switchoverRoundTrips * rttMs,
    pageSizeBytes,
  };
};
