import { describe, expect, test } from '@jest/globals';
import { integrityOf } from '#harness/measure/integrity';
import { exportTable } from '#harness/export/tables';
import { runArticle } from '#harness/report/page/run';
import { repeatSummaryOf, summaryOf } from '#harness/report/summary';
import type { CompletedRun, RunResult } from '#harness/result';
import { endedResult, startRecord } from '#harness/run/record';
import { LivemigError } from '#proto/errors';
import { completedPaperResult } from '#test/support/paper-result';
import { scriptedScenario } from '#test/support/scripted-testbed';
import { pageCount, paperDestination, paperSource } from '#test/support/synthetic-migration';

const failed = (code: 'TIMEOUT' | 'CANCELLED' = 'TIMEOUT') =>
  endedResult(startRecord(scriptedScenario), new LivemigError(code, 'it took too long'));
const rowOf = (summary: string, label: string): string =>
  summary.split('\n').find((line) => line.trimStart().startsWith(label)) ?? '';

describe('summary', () => {
  test('a completed run: times, bytes, integrity and the file', () => {
    const summary = summaryOf(completedPaperResult(), ['results/x.json']);
    expect(summary.split('\n')[0]).toMatch(/^completed: \S+ of a .* guest \(.*\) over /);
    expect(rowOf(summary, 'downtime')).toContain('40 ms');
    for (const part of ['pages', 'device state', 'propagation', 'load', 'resume'])
      expect(rowOf(summary, 'downtime')).toContain(part);
    expect(rowOf(summary, 'page messages')).toContain('full pages 10,000 · zero pages 6,384');
    expect(rowOf(summary, 'integrity')).toContain('ok');
    expect(rowOf(summary, 'integrity')).toContain('16,384 pages compared');
    expect(rowOf(summary, 'result')).toContain('results/x.json');
  });

  test.each([
    [{ name: 'idle', regionBytes: 0, dirtyRatePagesPerSecond: 0 }, '(idle)'],
    [{ name: 'stress', regionBytes: 1 << 20, dirtyRatePagesPerSecond: 0 }, '(stress on 1 MiB flat out)'],
    [{ name: 'read', regionBytes: 1 << 20, dirtyRatePagesPerSecond: 500 }, '(read on 1 MiB at 500 pages/s)'],
    [{ name: 'cyclic', regionBytes: 1 << 20, dirtyRatePagesPerSecond: 0 }, '(cyclic on 1 MiB)'],
  ])('says what the guest did, in terms of its workload’s parameters: %j', (workload, text) => {
    const run = completedPaperResult();
    const scenario = { ...run.scenario, workload: { ...workload, content: 'random' } };
    expect(summaryOf({ ...run, scenario }, []).split('\n')[0]).toContain(text);
  });

  test('terminal, report, CSV and JSON compare the downtime with the same limit', async () => {
    const run = completedPaperResult();
    const { downtimeLimit } = run.measurement!;
    expect(downtimeLimit).toMatchObject({ limitMs: scriptedScenario.limits.downtimeLimitMs, exceededMs: 0 });
    const exceeded = {
      ...run,
      measurement: {
        ...run.measurement!,
        downtimeLimit: { limitMs: 30, decides: true, exceededMs: 10, longestPart: 'propagationMs' },
      },
    } as typeof run;
    const standing = 'exceeded by 10 ms, most of it propagation (12 ms)';
    expect(rowOf(summaryOf(exceeded, []), 'downtime limit')).toMatch(/30 ms +exceeded by/);
    expect(rowOf(summaryOf(exceeded, []), 'downtime limit')).toContain(standing);
    expect((await runArticle(exceeded, 'r', 'cell')).text).toContain(`30 ms (${standing})`);
    const { columns, rows } = exportTable([exceeded], 'runs');
    const column = (name: string) => rows[0]![columns.indexOf(name)];
    expect(column('measurement.downtimeLimit.limitMs')).toBe(30);
    expect(column('measurement.downtimeLimit.exceededMs')).toBe(10);
    expect(column('measurement.downtimeLimit.longestPart')).toBe('propagationMs');
  });

  test('a failed run says why, and shows no figures of a migration', () => {
    const summary = summaryOf(failed(), []);
    expect(summary).toMatch(/^failed: /);
    expect(summary).toContain('TIMEOUT: it took too long');
    expect(rowOf(summary, 'integrity')).toContain('not checked');
    for (const label of ['total', 'downtime', 'page messages', 'faults'])
      expect(rowOf(summary, label)).toBe('');
  });

  test('the wait for `continue` is a separate part of the downtime', () => {
    const paper = completedPaperResult() as CompletedRun;
    expect(rowOf(summaryOf(paper, []), 'downtime')).not.toContain('continue');
    const downtime = { ...paper.measurement.downtime, preSwitchoverMs: 8060 };
    const waited = { ...paper, measurement: { ...paper.measurement, downtime } };
    expect(rowOf(summaryOf(waited, []), 'downtime')).toContain('waiting for continue 8.06 s · pages 10 ms');
  });

  test('a cut is reported, even for a failed run', () => {
    const linkCuts = [{ startMs: 1500, durationMs: 5001, plannedMs: 5000 }];
    const paper = completedPaperResult() as CompletedRun;
    const result = failed();
    const cut = [
      { ...paper, measurement: { ...paper.measurement, linkCuts } },
      { ...result, evidence: { source: null, destination: null, rounds: [], measurement: null, linkCuts } },
    ] as RunResult[];
    for (const run of cut)
      expect(rowOf(summaryOf(run, []), 'link cut')).toContain(
        '5.00 s   between source and destination, from 1.50 s',
      );
    expect(rowOf(summaryOf(paper, []), 'link cut')).toBe('');
  });

  test('an invalid run shows what it measured, each figure in brackets, and which condition failed', () => {
    const { measurement, integrity } = completedPaperResult();
    const record = startRecord(scriptedScenario);
    record.integrity = integrity;
    record.evidence.measurement = measurement;
    const condition = {
      got: 155,
      expected: { low: 0, high: 100 },
      unit: 'ms',
      remedy: 'run it again',
    } as const;
    record.crossChecks = [
      {
        ...{
          name: 'downtime',
          verdict: 'disagree',
          measured: 45,
          low: 20,
          high: 70,
          unit: 'ms',
          reason: 'so',
        },
        conditions: [
          { ...condition, what: 'pauses', ok: false },
          { ...condition, what: 'gap', ok: true },
        ],
      },
    ];
    const doubted = new LivemigError('CROSS_CHECK_FAILED', 'two measurements disagree');
    const summary = summaryOf(endedResult(record, doubted), []);
    expect(rowOf(summary, 'INVALID')).not.toBe('');
    for (const label of ['total', 'downtime', 'rounds', 'faults'])
      expect(rowOf(summary, label)).toMatch(/^ {2}\S+ +\(.+?\)( {3}|$)/);
    expect(rowOf(summary, 'downtime')).toContain('(40 ms)');
    expect(rowOf(summary, 'cross-check')).toContain('pauses came to 155.0 ms, expected at most 100.0 ms');
    expect(rowOf(summary, 'cross-check')).not.toContain('gap');
    // A failed run's figures stay away from eyes, and a completed run's are not in brackets.
    const failedOne = endedResult(record, new LivemigError('INTEGRITY_VIOLATED', 'pages differ'));
    expect(rowOf(summaryOf(failedOne, []), 'total')).toBe('');
    expect(rowOf(summaryOf(completedPaperResult(), []), 'total')).not.toContain('(');
  });

  test('what a capability took from the guest is reported, if it took anything', () => {
    const paper = completedPaperResult() as CompletedRun;
    const throttled = (statistics: Record<string, number>): string => {
      const capabilities = { xbzrle: { pages: 3 }, 'auto-converge': statistics };
      return rowOf(
        summaryOf({ ...paper, measurement: { ...paper.measurement, capabilities } }, []),
        'throttled',
      );
    };
    expect(throttled({ vcpuTimeTakenMs: 700, cpuThrottlePercentage: 30 })).toMatch(
      /700 ms +of vCPU time auto-converge took from the guest, leaving it 70 % at the end$/,
    );
    expect(throttled({ vcpuTimeTakenMs: 0, cpuThrottlePercentage: 0 })).toBe('');
  });

  test('damage to the guest is impossible to miss', () => {
    const result = failed();
    const verified = { pagesCompared: pageCount, mismatches: 3, staleReads: 0, firstMismatches: [1, 2, 3] };
    const integrity = integrityOf(paperSource(), paperDestination(), verified, 'destination');
    expect(rowOf(summaryOf({ ...result, integrity }, []), 'integrity')).toMatch(/VIOLATED.* 3 mismatches/);
  });
});

describe('summary of several runs', () => {
  test('counts states and spreads over the completed ones alone', () => {
    const text = repeatSummaryOf([
      completedPaperResult(),
      failed(),
      completedPaperResult(),
      failed('CANCELLED'),
      failed(),
    ]);
    expect(text.split('\n')[0]).toBe('5 runs: 2 completed, 2 failed, 1 aborted');
    expect(rowOf(text, 'downtime')).toContain('median 40 ms');
  });

  test('without a completed run there is no spread', () => {
    expect(repeatSummaryOf([failed(), failed()])).toBe('2 runs: 0 completed, 2 failed');
  });
});
