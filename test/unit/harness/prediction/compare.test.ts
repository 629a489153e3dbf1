import { describe, expect, test } from '@jest/globals';
import { defaultLimits } from '#catalogue/limits';
import { defaultCapabilities } from '#catalogue/capabilities';
import { calibrationOf } from '#harness/prediction/calibrate';
import { compareWithRuns } from '#harness/prediction/compare';
import type { PredictionDocument } from '#harness/prediction/document';
import { parsePrediction, predictionDocument } from '#harness/prediction/document';
import { decodeHistory, encodeHistory } from '#harness/prediction/history-file';
import { offsetOf, predictStarts, spreadOf } from '#harness/prediction/predict';
import type { CompletedRun } from '#harness/result';
import { LivemigError } from '#proto/errors';
import { paperHistory } from '#test/support/histories';
import { completedPaperResult } from '#test/support/paper-result';

const limits = { ...defaultLimits, convergence: 'xen' };
const figures = { bytesPerMs: 100_000, rttMs: 0, preMs: 1, postMs: 5, pageSizeBytes: 4096 };

/** A run on paper that the prediction below is of. */
const runOf = (change: Partial<CompletedRun> = {}): CompletedRun => {
  const run = completedPaperResult() as CompletedRun;
  return {
    ...run,
    runId: 'measured',
    startedAt: '2026-11-20T12:00:00.000Z',
    driver: 'netns',
    strategy: 'pre-copy',
    scenario: { ...run.scenario, strategy: 'pre-copy', limits, seed: 7 },
    ...change,
  };
};

const predictionOf = async (startsAtMs: readonly number[] | null = null): Promise<PredictionDocument> => {
  const { scenario, link } = runOf();
  const { ramBytes, deviceStateBytes } = scenario.guest;
  const workload = Object.fromEntries(
    Object.entries(scenario.workload).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  const recorded = paperHistory([[0, 10], []], { pageCount: ramBytes / 4096, nonZeroPages: 100, deviceStateBytes, workload }); // prettier-ignore
  const history = decodeHistory(encodeHistory(recorded).bytes, 'paper');
  const plan = { model: 'hist', strategy: 'pre-copy', limits, capabilities: defaultCapabilities, figures, startsAtMs } as const; // prettier-ignore
  const starts = await predictStarts(history, plan);
  const given = { plan, link: link.profile, calibrationRunIds: ['calibrated'] };
  return predictionDocument(history, given, starts, '2026-11-20T10:00:00.000Z');
};

const problemsOf = (act: () => unknown): readonly string[] => {
  try {
    act();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(LivemigError);
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    return (error as LivemigError).problems;
  }
};

describe('a stored prediction', () => {
  test('is read back unchanged', async () => {
    const prediction = await predictionOf();
    expect(parsePrediction(JSON.stringify(prediction, null, 2), 'p.json')).toEqual(prediction);
    expect(prediction.starts).toHaveLength(24);
  });

  test('is refused once a figure, its date or its history has been changed', async () => {
    const prediction = await predictionOf();
    for (const change of [
      { totalTimeMs: { ...prediction.totalTimeMs, median: prediction.totalTimeMs.median + 1 } },
      { createdAt: '2026-11-20T09:59:59.000Z' },
      { history: { ...prediction.history, sha256: '0'.repeat(64) } },
    ])
      expect(
        problemsOf(() => parsePrediction(JSON.stringify({ ...prediction, ...change }), 'p.json')),
      ).toEqual(['prediction p.json: its digest is that of other content: it was changed after it was made']);
  });

  test.each(['', '[]', '{"version":2}', 'null'])('%j is not one', (text) => {
    expect(problemsOf(() => parsePrediction(text, 'p.json')).length).toBeGreaterThan(0);
  });
});

describe('a prediction against runs', () => {
  test('has the error of each, their mean and p90', async () => {
    const prediction = await predictionOf();
    const measured = (totalTimeMs: number, downtimeMs: number, runId: string): CompletedRun => {
      const run = runOf({ runId });
      return { ...run, measurement: { ...run.measurement, totalTimeMs, downtimeMs } };
    };
    const total = prediction.totalTimeMs.median;
    const down = prediction.downtimeMs.median;
    const { runs, totalTimeError, downtimeError } = compareWithRuns(prediction, [
      measured(total * 2, down, 'a'),
      measured(total, down * 4, 'b'),
    ]);
    expect(runs.map(({ totalTimeMs }) => totalTimeMs.error)).toEqual([0.5, 0]);
    expect(totalTimeError.mean).toBeCloseTo(0.25, 12);
    expect(downtimeError.mean).toBeCloseTo(0.375, 12);
    expect(totalTimeError.p90).toBe(spreadOf([0, 0.5]).p90);
  });

  test('is refused if a run is not newer, is known to it or has the same seed', async () => {
    const prediction = await predictionOf();
    const { scenario } = runOf();
    const refusal = (change: Partial<CompletedRun>) => problemsOf(() => compareWithRuns(prediction, [runOf(change)])); // prettier-ignore
    expect(refusal({})).toEqual([]);
    expect(refusal({ startedAt: '2026-11-20T09:00:00.000Z' })).toEqual([expect.stringContaining('began after the prediction was made')]); // prettier-ignore
    // A simulated run has no date.
    expect(refusal({ startedAt: '1970-01-01T00:00:00.000Z', driver: 'sim' })).toEqual([]);
    expect(refusal({ runId: 'calibrated' })).toEqual([expect.stringContaining('it was made from this one')]);
    expect(refusal({ runId: 'recorded' })).toEqual([expect.stringContaining('it was made from this one')]);
    expect(refusal({ scenario: { ...scenario, seed: 1 } })).toEqual([expect.stringContaining('expected another seed')]); // prettier-ignore
  });

  test('is refused with every setting that differs from the prediction', async () => {
    const prediction = await predictionOf();
    const { scenario, link } = runOf();
    const other = runOf({
      strategy: 'hybrid',
      link: { ...link, profile: 'elsewhere' },
      scenario: {
        ...scenario,
        guest: { ...scenario.guest, ramBytes: 4096 },
        workload: { ...scenario.workload, regionBytes: 8192 },
        limits: { ...limits, downtimeLimitMs: 7 },
      },
    });
    const problems = problemsOf(() => compareWithRuns(prediction, [other]));
    for (const what of [
      'strategy',
      'link',
      'guest.ramBytes',
      'workload.regionBytes',
      'limits.downtimeLimitMs',
    ])
      expect(problems).toContainEqual(expect.stringContaining(`expected ${what} `));
    expect(problemsOf(() => compareWithRuns(prediction, []))).toEqual(['expected at least one run']);
  });

  test('for given moments is refused for a run that began at another moment', async () => {
    const { scenario } = runOf();
    const at = Math.max(500, scenario.warmupMs);
    const here = await predictionOf([at]);
    expect(problemsOf(() => compareWithRuns(here, [runOf()]))).toEqual([]);
    const elsewhere = await predictionOf([at + 1]);
    expect(problemsOf(() => compareWithRuns(elsewhere, [runOf()]))).toEqual([
      expect.stringContaining(`expected a warm-up of ${at + 1} ms`),
    ]);
  });
});

describe('figures of calibration runs', () => {
  test('are those of runs of the same strategy over the same link', () => {
    const run = runOf();
    const of = { strategy: 'pre-copy', link: run.link.profile };
    const calibration = calibrationOf([run, runOf({ strategy: 'hybrid', runId: 'other' })], of);
    expect(calibration).toMatchObject({
      runIds: ['measured'],
      figures: { preMs: run.measurement.setupTimeMs },
    });
    expect(calibrationOf([run], { ...of, strategy: 'hybrid' })).toContain(
      'expected completed runs of hybrid',
    );
  });
});

test("a moment before a recording's beginning is that of the cycle before", () => {
  const history = paperHistory([[], [], [], []], { sinceStartMs: 1000 });
  expect([1000, 1399, 1400, 900, 500].map((at) => offsetOf(history, at))).toEqual([0, 399, 0, 300, 300]);
});
