import { describe, expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import { judgeThresholds } from '#harness/thresholds/judge';
import type { ThresholdVerdict } from '#harness/thresholds/judge';
import { judgedMarkdown, judgedSuites } from '#harness/thresholds/report';
import type { JudgedRuns } from '#harness/thresholds/report';
import { thresholdsText } from '#harness/thresholds/show';
import { readThresholds } from '#harness/thresholds/threshold';
import { junitOf } from '#harness/junit';
import { completedPaperResult } from '#test/support/paper-result';

const paper = completedPaperResult() as CompletedRun;

const withDowntime = (downtimeMs: number): RunResult => ({
  ...paper,
  measurement: { ...paper.measurement, downtimeMs },
});
const ended = (state: 'failed' | 'invalid', downtimeMs: number): RunResult => ({
  ...paper,
  state,
  measurement: null,
  error: { code: state === 'failed' ? 'NOT_CONVERGED' : 'CROSS_CHECK_FAILED', message: 'so it is' },
  evidence: {
    ...{ source: null, destination: null, rounds: [], linkCuts: [] },
    measurement: { ...paper.measurement, downtimeMs },
  },
});

const judge = (text: string, runs: readonly (RunResult | null)[]): ThresholdVerdict =>
  judgeThresholds(readThresholds({ downtimeMs: text }).thresholds, runs)[0]!;
const ten = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map(withDowntime);

describe('a threshold over repeated runs', () => {
  test.each<[string, number, boolean]>([
    ['max < 100', 100, false],
    ['max <= 100', 100, true],
    ['min > 10', 10, false],
    ['min >= 10', 10, true],
    ['avg < 56', 55, true],
    ['avg < 55', 55, false],
    ['med == 55', 55, true],
    ['med != 55', 55, false],
    ['p90 < 91', 90, true],
    ['p90 < 90', 90, false],
    ['p95 < 101', 100, true],
    ['p99 <= 99', 100, false],
    ['count >= 10', 10, true],
    ['count > 10', 10, false],
    ['< 101', 100, true],
    ['< 100', 100, false],
    ['> 9', 10, true],
    ['> 10', 10, false],
    ['!= 70', 70, false],
    ['== 10', 20, false],
  ])('%s of 10 … 100 is %d', (text, measured, holds) => {
    expect(judge(text, ten)).toMatchObject({
      measured,
      holds,
      why: null,
      runs: { measured: 10, wanted: 10 },
    });
  });
});

describe('what did not complete passes nothing', () => {
  test.each(['invalid', 'failed'] as const)('a run that is %s, however good its figures', (state) => {
    expect(judge('max < 1000', [...ten, withDowntime(5)]).holds).toBe(true);
    expect(judge('max < 1000', [...ten, ended(state, 5)])).toMatchObject({
      holds: false,
      measured: 100,
      why: `1 of 11 runs did not complete (1 ${state})`,
    });
    expect(judge('count >= 1', [...ten, ended(state, 5)]).holds).toBe(false);
    expect(judge('< 1000', [ended(state, 5)])).toMatchObject({ holds: false, measured: null });
  });

  test('a run that is missing, and no run at all', () => {
    expect(judge('< 1000', [...ten, null, null])).toMatchObject({
      holds: false,
      why: '2 of 12 runs did not complete (2 missing)',
    });
    expect(judge('< 1000', [])).toMatchObject({ holds: false, measured: null, why: 'there were no runs' });
    expect(judge('count >= 0', []).holds).toBe(false);
  });

  test('a figure that a run does not have', () => {
    const { thresholds } = readThresholds({ 'service.during.p95Ms': '< 1s' });
    expect(judgeThresholds(thresholds, ten)).toMatchObject([
      { holds: false, measured: null, why: '10 of 10 runs have no such figure' },
    ]);
  });
});

const judged = (text: string, results: readonly (RunResult | null)[]): JudgedRuns => ({
  name: 'mine <1>',
  runs: results.map((result, run) => ({
    name: `run ${run + 1}`,
    result,
    isFailure: result?.state !== 'completed',
  })),
  verdicts: judgeThresholds(readThresholds({ downtimeMs: text }).thresholds, results),
});

describe('verdicts for people and for CI', () => {
  const good = judged('p95 < 300', ten.slice(0, 2));
  const bad = judged('p95 < 15', [...ten.slice(0, 2), null]);

  test('as text', () => {
    expect(thresholdsText(good.verdicts)).toBe(
      '1 of 1 threshold holds\n  holds  downtimeMs p95 < 300  20 ms in 2 runs',
    );
    expect(thresholdsText(bad.verdicts)).toBe(
      '0 of 1 threshold hold\n  FAILS  downtimeMs p95 < 15  20 ms in 2 runs; 1 of 3 runs did not complete (1 missing)',
    );
  });

  test('as JUnit: a case per run and per threshold', () => {
    const text = junitOf('livemig run', judgedSuites('run', [good, bad]));
    expect(text).toContain('<testsuites name="livemig run" tests="7" failures="2" errors="0" skipped="0">');
    expect(text).toContain('<testsuite name="mine &lt;1&gt;" tests="3" failures="0" errors="0" skipped="0">');
    expect(text).toContain(
      'name="downtimeMs p95 &lt; 15" time="0"><failure message="20 ms in 2 runs; 1 of 3',
    );
    expect(text).toContain('<failure message="the run is missing" type="missing">');
    const unsupported = { ...ended('failed', 1), state: 'unsupported' } as RunResult;
    expect(junitOf('x', judgedSuites('run', [judged('< 1', [unsupported])]))).toContain('<skipped message=');
  });

  test('a run without convergence is the answer of a sweep’s cell, and no failure', () => {
    const [run] = judged('< 1', [ended('failed', 1)]).runs;
    const suites = (isFailure: boolean) =>
      judgedSuites('sweep', [{ name: 'c', runs: [{ ...run!, isFailure }], verdicts: [] }]);
    expect(junitOf('x', suites(true))).toContain('failures="1"');
    expect(junitOf('x', suites(false))).toContain('failures="0"');
  });

  test('as Markdown', () => {
    expect(judgedMarkdown('livemig run mine', [good])).toBe(
      [
        '## livemig run mine: 1 of 1 threshold holds',
        '',
        '2 runs: 2 completed',
        '',
        '| threshold | measured | verdict |',
        '| --- | --- | --- |',
        '| downtimeMs p95 \\< 300 | 20 ms in 2 runs | holds |',
        '',
      ].join('\n'),
    );
    const two = judgedMarkdown('livemig sweep s', [good, bad]);
    expect(two).toContain('- mine \\<1\\>: 3 runs: 2 completed, 1 missing');
    expect(two).toMatch(/FAILS/);
    expect(judgedMarkdown('x', [{ ...good, verdicts: [] }])).not.toContain('|');
  });
});
