import { expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import { cellsTable } from '#harness/sweep/table';
import { completedPaperResult } from '#test/support/paper-result';

const paper = completedPaperResult() as CompletedRun;
const run = (stressMB: number, totalTimeMs: number, sweep = {}): RunResult => ({
  ...paper,
  measurement: { ...paper.measurement, totalTimeMs },
  sweep: {
    ...{ sweepId: 's', name: 'a', experiment: null, guestScale: 1, part: 'hybrid', repeat: 0, order: 0 },
    cell: { link: '1G', stressMB },
    ...sweep,
  },
});
const failed = (result: RunResult, state: 'failed' | 'invalid'): RunResult =>
  ({ ...result, state, measurement: null }) as unknown as RunResult;

test('a line for each cell, in the order of its numbers, with medians and ranges', () => {
  const [head, small, large, ...rest] = cellsTable([
    run(1024, 9000), run(512, 1000), run(512, 1200), run(512, 1100),
  ]); // prettier-ignore
  expect(head).toMatch(/^ {2}cell +runs +total +downtime +page messages$/);
  expect(small).toMatch(/^ {2}hybrid link=1G stressMB=512 +3 +1\.10 s \(1 s … 1\.20 s\) +40 ms +/);
  expect(large).toMatch(/^ {2}hybrid link=1G stressMB=1024 +1 +9 s +40 ms +/);
  expect(rest).toEqual([]);
});

test('a run that failed is counted, and has no figures; one that was spoilt is left out', () => {
  const [, line] = cellsTable([
    run(512, 1000),
    failed(run(512, 1), 'failed'),
    failed(run(512, 1), 'invalid'),
  ]);
  expect(line).toMatch(/ 1 of 2 +1 s /);
  expect(cellsTable([failed(run(512, 1), 'failed')])[1]).toMatch(/ 0 of 1 +– +– +–$/);
});

test('what a search tried is no cell of its own', () => {
  expect(cellsTable([run(512, 1000, { searched: 'stressMB' })])).toEqual([]);
  expect(cellsTable([paper])).toEqual([]);
});
