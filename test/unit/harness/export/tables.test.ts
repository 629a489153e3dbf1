import { describe, expect, test } from '@jest/globals';
import { flatten } from '#harness/export/flatten';
import { exportTable, tableNames } from '#harness/export/tables';
import { csvText } from '#harness/report/csv';
import type { RunResult } from '#harness/result';
import { parseCsv } from '#test/support/csv';
import { completedPaperResult } from '#test/support/paper-result';
import { documentsAsRuns } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

const swept = documentsAsRuns()
  .filter(({ part }) => part === 'pre-copy-limit' || part === 'post-copy')
  .map(trendRun);
const runs: RunResult[] = [
  ...swept.filter(({ state }) => state === 'failed').slice(0, 1),
  ...swept.filter(({ state }) => state === 'completed').slice(-2),
  completedPaperResult(),
];

/** Rows by column, read back from the CSV text. */
const readBack = (name: Parameters<typeof exportTable>[1]): Record<string, string>[] => {
  const [head = [], ...rows] = parseCsv(csvText(exportTable(runs, name)));
  return rows.map((row) => {
    expect(row).toHaveLength(head.length);
    return Object.fromEntries(head.map((column, index) => [column, row[index] ?? '']));
  });
};

test('flattening gives dotted scalars, drops lists and keeps null', () => {
  expect(flatten('m', { a: 1, b: { c: 'x', d: null, e: [1] }, f: true })).toEqual([
    ['m.a', 1],
    ['m.b.c', 'x'],
    ['m.b.d', null],
    ['m.f', true],
  ]);
});

describe('runs', () => {
  const rows = readBack('runs');

  test('have one row each, with every value of the measurement', () => {
    expect(rows.map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId));
    const paper = runs.at(-1)!;
    for (const [column, value] of flatten('measurement', paper.measurement))
      expect(rows.at(-1)![column]).toBe(value === null ? '' : String(value));
    expect(rows.at(-1)!['measurement.downtime.loadMs']).toBe(String(paper.measurement!.downtime.loadMs));
    expect(rows.at(-1)!['integrity.mismatches']).toBe('0');
    expect(rows[1]!['calibration.goodputMbps']).toBe(String(runs[1]!.link.calibration!.goodputMbps));
    expect(rows[1]!['scenario.workload.regionBytes']).toBe(String(runs[1]!.scenario.workload.regionBytes));
  });

  test('keep their columns grouped and in the same order, whichever run comes first', () => {
    const { columns } = exportTable(runs, 'runs');
    const groups = columns.map((column) => column.split('.')[0]);
    const order = groups.filter((group, index) => group !== groups[index - 1]);
    expect(
      order.filter((group) =>
        ['scenario', 'calibration', 'measurement', 'integrity', 'environment'].includes(group!),
      ),
    ).toEqual(['scenario', 'calibration', 'measurement', 'integrity', 'environment']);
    expect(new Set(columns).size).toBe(columns.length);
    expect(columns[0]).toBe('runId');
    expect(columns).toEqual(
      expect.arrayContaining(['cell.link', 'cell.stressMB', 'cell.flavour', 'sweep.part', 'sweep.repeat']),
    );
  });

  test('are empty if there is no value, and a failure is never a number', () => {
    expect(rows[0]).toMatchObject({
      state: 'failed',
      'error.code': 'NOT_CONVERGED',
      'measurement.totalTimeMs': '',
    });
    expect(rows.at(-1)).toMatchObject({
      state: 'completed',
      'error.code': '',
      'sweep.name': '',
      'cell.link': '',
    });
    expect(Object.values(rows[0]!)).not.toContain('null');
    expect(Object.values(rows[0]!)).not.toContain('undefined');
  });

  test('have the same digest for repetitions, and another for any other setting', () => {
    const paper = runs.at(-1)!;
    const { scenario } = paper;
    const digests = [
      paper,
      { ...paper, scenario: { ...scenario, seed: 99 } },
      { ...paper, scenario: { ...scenario, warmupMs: 1 } },
    ].map((run) => {
      const { columns, rows: cells } = exportTable([run], 'runs');
      return cells[0]![columns.indexOf('setting')];
    });
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  test('have one type per column', () => {
    const { columns, rows: values } = exportTable(runs, 'runs');
    for (const [index, column] of columns.entries()) {
      const types = new Set(values.map((row) => typeof row[index]).filter((type) => type !== 'object'));
      expect([column, types.size]).toEqual([column, Math.min(1, types.size)]);
    }
  });
});

test('long tables have one row per element, and the run to join by', () => {
  const completed = runs.filter((run) => run.state === 'completed');
  const count = (of: (run: (typeof completed)[number]) => number): number =>
    completed.reduce((total, run) => total + of(run), 0);
  expect(readBack('rounds')).toHaveLength(count(({ measurement }) => measurement.rounds.length));
  expect(readBack('guest')).toHaveLength(count(({ measurement }) => measurement.guestProgress.length));
  expect(readBack('faults')).toHaveLength(count(({ measurement }) => measurement.faults.histogram.length));
  for (const name of ['link', 'progress', 'pings'] as const)
    expect(readBack(name)).toHaveLength(count(({ measurement }) => measurement.series[name].length));
  expect(readBack('rounds')[0]).toMatchObject({ runId: completed[0]!.runId, round: '1', phase: 'precopy' });
  expect(readBack('faults')[1]).toMatchObject({ fromUs: '2', toUs: '4' });
});

test.each(tableNames)('%s of no runs is a table without rows', (name) => {
  expect(exportTable([], name).rows).toEqual([]);
});

test('values that need quotes are read back unchanged', () => {
  const awkward = {
    ...runs[0]!,
    error: { code: 'TIMEOUT' as const, message: 'a, "b"\r\nc\nd' },
  } as RunResult;
  const [head = [], row = []] = parseCsv(csvText(exportTable([awkward], 'runs')));
  expect(row[head.indexOf('error.message')]).toBe('a, "b"\r\nc\nd');
});
