import { expect, test } from '@jest/globals';
import { differenceText } from '../../../../harness/report/difference.ts';
import type { CompletedRun } from '../../../../harness/result.ts';
import { completedPaperResult } from '../../../support/paper-result.ts';

const paper = completedPaperResult() as CompletedRun;
const before = paper.measurement;
const of = (measurement: CompletedRun['measurement']): CompletedRun => ({ ...paper, measurement });

test('says what has changed, and by how much', () => {
  const now = { ...before, totalTimeMs: before.totalTimeMs * 1.5, downtimeMs: before.downtimeMs / 2 };
  const [total, downtime, sent] = differenceText(paper, of(now)).split('\n');
  expect(total).toMatch(/^ {2}total +2\.04 s → +3\.06 s {3}\+50 %$/);
  expect(downtime).toMatch(/^ {2}downtime +40 ms → +20 ms {3}−50 %$/);
  expect(sent).toMatch(/^ {2}page messages .* =$/);
});

test('nothing over nothing is the same, something over nothing has no ratio', () => {
  const calm = { ...before, faults: { ...before.faults, count: 0 } };
  const lineOf = (text: string): string => text.split('\n').find((line) => line.includes('faults')) ?? '';
  expect(lineOf(differenceText(of(calm), of(calm)))).toMatch(/ =$/);
  expect(lineOf(differenceText(of(calm), of({ ...calm, faults: { ...calm.faults, count: 7 } })))).toMatch(
    /7$/,
  );
});
