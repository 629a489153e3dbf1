import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { seedMax } from '#proto/guest';
import { LivemigError } from '#proto/errors';
import { makeDirectories } from '../files/places.ts';
import { writeAtomically } from '../files/write.ts';
import { calibrationOf } from '../prediction/calibrate.ts';
import type { PredictionDocument } from '../prediction/document.ts';
import { predictionDocument, readPrediction } from '../prediction/document.ts';
import { decodeHistory, encodeHistory } from '../prediction/history-file.ts';
import type { DirtyHistory } from '../prediction/history.ts';
import type { ModelName } from '../prediction/models.ts';
import { predictStarts } from '../prediction/predict.ts';
import { recordHistory } from '../record-history.ts';
import type { RunResult } from '../result.ts';
import type { PredictedOfRun } from '../result/sweep.ts';
import { KeptTestbed } from '../run/kept-testbed.ts';
import { checkAborted } from '../run/clients.ts';
import { warmupMsOf } from '../run/migration.ts';
import { runScenario } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import type { TestbedDriver } from '../testbed/testbed.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { PredictDocument } from './document.ts';
import type { Trial } from './plan.ts';

/**
 * What is predicted of a sweep's runs before they begin: each guest is recorded, migrated for calibration, and every model's
 * prediction is written, with its digest, beside the runs. Seeds are others than the runs'.
 */

/** A trial of a part that asks for predictions. */
type PredictedTrial = Trial & { predict: PredictDocument };

/** Trials that one recording, one calibration and one prediction of each model serve: they differ in moment and seed. */
interface Group {
  key: string;
  historyKey: string;
  predict: PredictDocument;
  /** One of each moment; the first begins earliest. */
  moments: readonly Scenario[];
}

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

/** What tells runs of one prediction apart, and what a recording doesn't depend on, as nothing is migrated. */
const ofRun: readonly string[] = ['name', 'seed', 'repeat', 'warmupMs'];
const ofMigration: readonly string[] = [...ofRun, 'strategy', 'limits'];

const without = (scenario: Scenario, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(scenario).filter(([name]) => !names.includes(name)));

const keyOf = ({ part, scenario, predict }: PredictedTrial): string =>
  digestOf([part, without(scenario, ofRun), predict]);

const groupsOf = (trials: readonly PredictedTrial[]): Group[] =>
  [...Map.groupBy(trials, keyOf)].map(([key, group]) => {
    const { scenario, predict } = group[0]!;
    const { recordSeconds, intervalMs } = predict;
    const byMoment = new Map(group.map((trial) => [warmupMsOf(trial.scenario), trial.scenario]));
    return {
      key,
      historyKey: digestOf([without(scenario, ofMigration), recordSeconds, intervalMs]),
      predict,
      moments: [...byMoment].sort(([one], [other]) => one - other).map(([, moment]) => moment),
    };
  });

/** Far from the seeds of the runs, which are counted from the sweep's own. */
const historySeed = 1_000_003;
const calibrationSeed = 2_000_003;
const seeded = (scenario: Scenario, seed: number): Scenario => ({ ...scenario, seed: seed % (seedMax + 1) });

export interface PredictionOptions {
  /** All trials whose runs are left. */
  trials: readonly Trial[];
  /** Where predictions, histories and calibration runs are kept. */
  directory: string;
  seed: number;
  /** How often a run is repeated that failed because of the testbed. */
  retries: number;
  driver: TestbedDriver;
  signal: AbortSignal;
  tell: (what: string) => void;
}

/** What was measured for the predictions, by key. */
interface Measured {
  histories: Map<string, DirtyHistory>;
  calibrations: Map<string, RunResult[]>;
}

/** Measures what is still missing, in testbeds that are kept from one to the next. Failures are left for another time. */
const measureMissing = async (
  groups: readonly Group[],
  { histories, calibrations }: Measured,
  { seed, driver, signal, tell }: PredictionOptions,
): Promise<RunResult[]> => {
  const failed: RunResult[] = [];
  await using kept = new KeptTestbed();
  const options = { driver, signal, testbeds: kept };
  for (const { key, historyKey, predict, moments } of groups) {
    const first = moments[0]!;
    if (!histories.has(historyKey)) {
      const { recordSeconds, intervalMs } = predict;
      tell(`recording ${first.workload.name} for ${recordSeconds} s`);
      const plan = { durationMs: recordSeconds * 1000, intervalMs };
      histories.set(historyKey, await recordHistory(seeded(first, seed + historySeed), plan, options));
    }
    const runs = calibrations.get(key) ?? [];
    calibrations.set(key, runs);
    for (let nth = runs.length; nth < predict.calibrationRuns; nth++) {
      checkAborted(signal);
      tell(
        `calibrating ${first.strategy} of ${first.workload.name}: ${nth + 1} of ${predict.calibrationRuns}`,
      );
      // All over the moments, as the guest is more or less busy.
      const moment = moments[Math.floor((nth * moments.length) / predict.calibrationRuns)] ?? first;
      const result = await runScenario(seeded(moment, seed + calibrationSeed + nth), options);
      checkAborted(signal);
      if (result.state === 'completed') runs.push(result);
      else failed.push(result);
    }
  }
  await kept.close(signal);
  const refuted = kept.takeRefuted()?.runIds ?? [];
  for (const [key, runs] of calibrations)
    calibrations.set(key, runs.filter(({ runId }) => !refuted.includes(runId))); // prettier-ignore
  for (const [key, { header }] of histories) if (refuted.includes(header.runId)) histories.delete(key);
  return failed;
};

const isMeasured = ({ key, historyKey, predict }: Group, { histories, calibrations }: Measured): boolean =>
  histories.has(historyKey) && (calibrations.get(key)?.length ?? 0) >= predict.calibrationRuns;

/** @throws LivemigError the failure of a calibration run, if it fails again and again */
const measure = async (groups: readonly Group[], options: PredictionOptions): Promise<Measured> => {
  const measured: Measured = { histories: new Map(), calibrations: new Map() };
  for (let tries = 0; ; tries++) {
    const missing = groups.filter((group) => !isMeasured(group, measured));
    if (missing.length === 0) return measured;
    const failed = tries > options.retries ? null : await measureMissing(missing, measured, options);
    const error = failed?.find(({ state }) => state === 'unsupported')?.error;
    if (failed === null || error)
      throw new LivemigError(
        error ? error.code : 'TESTBED_FAILED',
        `predictions need ${missing[0]!.predict.calibrationRuns} completed runs of ${missing[0]!.moments[0]!.name} before ` +
          `the predicted ones, but they ${error ? `can't be made: ${error.message}` : 'failed again and again'}`,
      );
  }
};

const fileOf = (directory: string, { key, moments }: Group, model: ModelName): string => {
  const [{ workload, strategy }] = moments as [Scenario];
  return join(directory, `${workload.name}-${strategy}-${key}.${model}.prediction.json`);
};

/** Predicts a group from what was measured, and writes it all. */
const predictGroup = async (
  group: Group,
  { histories, calibrations }: Measured,
  { directory, driver, signal, tell }: PredictionOptions,
): Promise<void> => {
  const { bytes, sha256 } = encodeHistory(histories.get(group.historyKey)!);
  const history = decodeHistory(bytes, `${group.historyKey}.dirty.zst`);
  const runs = calibrations.get(group.key)!;
  const first = group.moments[0]!;
  const { strategy, limits, capabilities, link, workload } = first;
  // Of whatever the guest does: a median of more runs is closer than what its workload changes.
  const wayOf = (scenario: object): string =>
    digestOf(without(scenario as Scenario, [...ofRun, 'workload', 'driver', 'backend']));
  const pool = [...calibrations.values()].flat().filter(({ scenario }) => wayOf(scenario) === wayOf(first));
  const calibration = calibrationOf(pool, { strategy, link });
  if (typeof calibration === 'string') throw new LivemigError('TESTBED_FAILED', calibration);
  await writeAtomically(join(directory, `${workload.name}-${sha256.slice(0, 12)}.dirty.zst`), bytes);
  const lines = runs.map((run) => `${JSON.stringify(run)}\n`).join('');
  await writeAtomically(
    join(directory, `${workload.name}-${strategy}-${group.key}.calibration.jsonl`),
    lines,
  );
  for (const model of group.predict.models) {
    checkAborted(signal);
    tell(`predicting ${strategy} of ${workload.name} by ${model}`);
    const startsAtMs = group.moments.map(warmupMsOf);
    const plan = { model, strategy, limits, capabilities, figures: calibration.figures, startsAtMs };
    const starts = await predictStarts(history, plan);
    const about = { plan, link, calibrationRunIds: calibration.runIds };
    // In virtual time nothing has a date, so that a prediction is the same whenever it is made.
    const at = isSimulated(driver.name) ? [history.header.recordedAt] : [];
    const document = predictionDocument(history, about, starts, ...at);
    await writeAtomically(fileOf(directory, group, model), `${JSON.stringify(document, null, 2)}\n`);
  }
};

const predictedIn = (document: PredictionDocument, { scenario }: Trial): PredictedOfRun[] => {
  const { model, createdAt, sha256 } = document;
  const start = document.starts.find(({ startAtMs }) => startAtMs === warmupMsOf(scenario));
  if (start === undefined) return [];
  const { totalTimeMs, downtimeMs } = start;
  return [{ model, totalTimeMs, downtimeMs, createdAt, sha256 }];
};

/**
 * Makes the predictions of a sweep's trials; those that an earlier invocation made are read.
 * @returns what was predicted of a trial's run; undefined where its part asks for none
 * @throws LivemigError what keeps them from being made, BAD_INPUT if one was changed after it was made
 */
export const makePredictions = async (
  options: PredictionOptions,
): Promise<(trial: Trial) => PredictedOfRun[] | undefined> => {
  const { trials, directory } = options;
  const asked = trials.filter((trial): trial is PredictedTrial => trial.predict !== undefined);
  if (asked.length === 0) return () => undefined;
  await makeDirectories(directory);
  const groups = groupsOf(asked);
  const open = groups.filter((group) =>
    group.predict.models.some((model) => !existsSync(fileOf(directory, group, model))),
  );
  if (open.length > 0) {
    const measured = await measure(open, options);
    for (const group of open) await predictGroup(group, measured, options);
  }
  const documents = new Map(
    groups.map((group) => [
      group.key,
      group.predict.models.map((model) => readPrediction(fileOf(directory, group, model))),
    ]),
  );
  return (trial) => {
    const own = asked.find(
      ({ part, labels, repeat }) =>
        part === trial.part &&
        repeat === trial.repeat &&
        JSON.stringify(labels) === JSON.stringify(trial.labels),
    );
    return own === undefined
      ? undefined
      : documents.get(keyOf(own))?.flatMap((document) => predictedIn(document, own));
  };
};
