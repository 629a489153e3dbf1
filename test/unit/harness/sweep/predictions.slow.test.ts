import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareWithRuns } from '#harness/prediction/compare';
import { readPrediction } from '#harness/prediction/document';
import { predictedAndMeasured } from '#harness/prediction/of-run';
import type { CompletedRun } from '#harness/result';
import { readResults } from '#harness/results';
import { performSweep, prepareSweep } from '#harness/sweep';

const sweep = `
name: predicted
guestScale: 1
repeats: 2
seed: 5
base:
  driver: sim
  link: lan-1g
  guest: '16MiB,baseFootprint=2MiB'
  workload: 'cyclic:8MiB,periodMs=400,lowRate=500,highRate=16000'
parts:
  plain:
    grid: { strategy: [stop-and-copy] }
  predicted:
    scenario: { strategy: pre-copy, limits: { convergence: xen } }
    predict: { models: [avg, hist, sim], recordSeconds: 2, intervalMs: 50, calibrationRuns: 1 }
    grid: { startAtMs: { 500: { warmupMs: 500 }, 700: { warmupMs: 700 } } }
`;

let directory: string;
let out: string;
let runs: CompletedRun[];
const said: string[] = [];

const perform = async (fresh: boolean, into = out): Promise<void> => {
  const request = { overrides: {}, only: null, repeats: null, seed: null, retries: null };
  const prepared = await prepareSweep(join(directory, 'sweep.yaml'), request, []);
  const nothing = (): void => undefined;
  await performSweep(prepared, {
    out: into,
    fresh,
    signal: new AbortController().signal,
    watch: () => ({ began: nothing, ended: nothing, refuted: nothing, preparing: (what) => said.push(what) }),
  });
};
const folder = (): string => join(out, 'predictions');
const predictionFiles = async (): Promise<string[]> =>
  (await readdir(folder())).filter((name) => name.endsWith('.prediction.json')).sort();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-predictions-'));
  out = join(directory, 'out');
  await writeFile(join(directory, 'sweep.yaml'), sweep);
  await perform(false);
  runs = (await readResults([out])) as CompletedRun[];
}, 120_000);
afterAll(() => rm(directory, { recursive: true }));

describe('runs of a part with predict', () => {
  test('carry what each model predicted of their moment; others carry nothing', async () => {
    const predictedRuns = runs.filter(({ sweep: place }) => place?.part === 'predicted');
    expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'completed'));
    expect(predictedRuns).toHaveLength(4);
    const files = await predictionFiles();
    expect(files).toHaveLength(3);
    const documents = files.map((file) => readPrediction(join(folder(), file)));
    expect(documents.map(({ model }) => model)).toEqual(['avg', 'hist', 'sim']);
    for (const run of predictedRuns) {
      expect(run.sweep?.predicted).toEqual(
        documents.map(({ model, sha256, createdAt, starts }) => {
          const { totalTimeMs, downtimeMs } = starts.find(
            ({ startAtMs }) => startAtMs === run.scenario.warmupMs,
          )!;
          return { model, totalTimeMs, downtimeMs, createdAt, sha256 };
        }),
      );
    }
    for (const run of runs.filter(({ sweep: place }) => place?.part === 'plain'))
      expect(run.sweep).not.toHaveProperty('predicted');
  });

  test('are accepted by `predict --against`: held out, with other seeds', async () => {
    const predictedRuns = runs.filter(({ sweep: place }) => place?.part === 'predicted');
    for (const file of await predictionFiles()) {
      const document = readPrediction(join(folder(), file));
      const { runs: rows } = compareWithRuns(document, predictedRuns);
      expect(rows).toEqual(predictedRuns.map((run) => predictedAndMeasured(run, document.model)));
    }
  });

  test('are predicted once: a sweep that continues reads what is there, and refuses what was changed', async () => {
    const [first] = await predictionFiles();
    const before = await readFile(join(folder(), first!), 'utf8');
    const left = runs.filter(({ sweep: place }) => place?.part === 'plain' || place?.repeat === 0);
    const write = (): Promise<void> =>
      writeFile(join(out, 'runs.jsonl'), left.map((run) => `${JSON.stringify(run)}\n`).join(''));
    await write();
    said.length = 0;
    await perform(false);
    expect(said).toEqual([]);
    expect(await readFile(join(folder(), first!), 'utf8')).toBe(before);
    expect(await readResults([out])).toHaveLength(6);

    await write();
    await writeFile(join(folder(), first!), before.replace(/"downtimeMs": \d/, '"downtimeMs": 9'));
    await expect(perform(false)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await writeFile(join(folder(), first!), before);
  }, 120_000);

  test('in virtual time, are the same whenever they are made', async () => {
    const again = join(directory, 'again');
    await perform(false, again);
    const withoutSweepId = (run: CompletedRun) => ({ ...run, sweep: { ...run.sweep, sweepId: '' } });
    const placed = (results: readonly CompletedRun[]) =>
      results.map(withoutSweepId).sort((one, other) => one.runId.localeCompare(other.runId));
    expect(placed((await readResults([again])) as CompletedRun[])).toEqual(placed(runs));
  }, 120_000);

  test('count only if they began after the prediction, unless time is virtual', () => {
    const run = runs.find(({ sweep: place }) => place?.part === 'predicted')!;
    const at = (createdAt: string): CompletedRun => ({
      ...run,
      driver: 'netns',
      sweep: { ...run.sweep!, predicted: run.sweep!.predicted!.map((each) => ({ ...each, createdAt })) },
    });
    expect(predictedAndMeasured(run, 'hist')).not.toBeNull();
    expect(predictedAndMeasured(at('1969-12-31T23:59:59.000Z'), 'hist')).not.toBeNull();
    expect(predictedAndMeasured(at(run.startedAt), 'hist')).toBeNull();
  });
});
