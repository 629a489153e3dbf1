import { LivemigError } from '#proto/errors';
import { pageSizeBytes } from '#proto/units';
import type { CompletedRun, RunResult } from '../result.ts';
import { warmupMsOf } from '../run/migration.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { PredictionDocument } from './document.ts';
import type { Spread } from './predict.ts';
import { spreadOf } from './predict.ts';

/** A run beside what was predicted of it. Errors are |predicted − measured| / measured. */
export interface ComparedRun {
  runId: string;
  totalTimeMs: { predicted: number; measured: number; error: number };
  downtimeMs: { predicted: number; measured: number; error: number };
}

export interface Comparison {
  runs: ComparedRun[];
  totalTimeError: { mean: number } & Spread;
  downtimeError: { mean: number } & Spread;
}

/** Of values as they stand in documents; what isn't set is the same as what isn't set. */
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * What was predicted of a run: for the moment at which it begins, where moments were given, and otherwise the median over all
 * of them; undefined = there is no prediction for its moment.
 */
const predictedFor = (
  { startsGiven, starts, ...medians }: PredictionDocument,
  { scenario }: RunResult,
): { totalTimeMs: number; downtimeMs: number } | undefined =>
  startsGiven
    ? starts.find(({ startAtMs }) => startAtMs === warmupMsOf(scenario))
    : { totalTimeMs: medians.totalTimeMs.median, downtimeMs: medians.downtimeMs.median };

/** Why a run can't be held against a prediction. */
const problemsOf = (prediction: PredictionDocument, run: RunResult): string[] => {
  const { history, limits } = prediction;
  const { header } = history;
  const { scenario } = run;
  const problems: string[] = [];
  const expect = (what: string, predicted: unknown, got: unknown): void => {
    if (!isSame(predicted, got))
      problems.push(
        `expected ${what} ${JSON.stringify(predicted)}, as predicted, got ${JSON.stringify(got)}`,
      );
  };
  if (run.state !== 'completed') problems.push(`expected a completed run, got ${run.state}`);
  expect('strategy', prediction.strategy, run.strategy);
  if (scenario.guest.disk !== undefined)
    problems.push('expected a guest without a disk, as only RAM is predicted');
  expect('link', prediction.link, run.link.profile);
  expect('guest.ramBytes', header.pageCount * pageSizeBytes, scenario.guest.ramBytes);
  expect('guest.deviceStateBytes', header.deviceStateBytes, scenario.guest.deviceStateBytes);
  for (const name of new Set([...Object.keys(header.workload), ...Object.keys(scenario.workload)]))
    expect(`workload.${name}`, header.workload[name], scenario.workload[name]);
  for (const [name, value] of Object.entries(limits)) expect(`limits.${name}`, value, scenario.limits[name]);
  if (run.runId === header.runId || prediction.calibrationRunIds.includes(run.runId))
    problems.push('expected a run that the prediction knows nothing of, but it was made from this one');
  if (scenario.seed === header.seed)
    problems.push(`expected another seed than the history's, got the same, ${scenario.seed}`);
  if (predictedFor(prediction, run) === undefined)
    problems.push(
      `expected a warm-up of ${prediction.starts.map(({ startAtMs }) => startAtMs).join(' or ')} ms, as predicted, got ${warmupMsOf(scenario)}`,
    );
  // A simulated run has no date: it is the same whenever it is made.
  if (!isSimulated(run.driver ?? '') && Date.parse(run.startedAt) <= Date.parse(prediction.createdAt))
    problems.push(`expected a run that began after the prediction was made (${prediction.createdAt}), it began ${run.startedAt}`); // prettier-ignore
  return problems.map((problem) => `run ${run.runId}: ${problem}`);
};

/** Errors are relative to what was measured. */
export const compared = (predicted: number, measured: number) => ({
  predicted,
  measured,
  error: Math.abs(predicted - measured) / measured,
});

const errorsOf = (errors: readonly number[]) => ({
  mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
  ...spreadOf(errors),
});

/**
 * A prediction against runs that it knew nothing of: made after it, with another seed, and with the setting that it is of.
 * @throws LivemigError BAD_INPUT with what is wrong with each of the runs
 */
export const compareWithRuns = (prediction: PredictionDocument, runs: readonly RunResult[]): Comparison => {
  const problems = runs.flatMap((run) => problemsOf(prediction, run));
  if (runs.length === 0) problems.push('expected at least one run');
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
  const rows = (runs as readonly CompletedRun[]).flatMap((run): ComparedRun[] => {
    const { runId, measurement } = run;
    const predicted = predictedFor(prediction, run);
    if (predicted === undefined) return [];
    return [
      {
        runId,
        totalTimeMs: compared(predicted.totalTimeMs, measurement.totalTimeMs),
        downtimeMs: compared(predicted.downtimeMs, measurement.downtimeMs),
      },
    ];
  });
  return {
    runs: rows,
    totalTimeError: errorsOf(rows.map(({ totalTimeMs }) => totalTimeMs.error)),
    downtimeError: errorsOf(rows.map(({ downtimeMs }) => downtimeMs.error)),
  };
};
