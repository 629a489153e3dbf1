import { expect, test } from '@jest/globals';
import { differenceText } from '#harness/report/difference';
import type { CompletedRun } from '#harness/result';
import { completedPaperResult } from '#test/support/paper-result';

const paper = completedPaperResult() as CompletedRun;
const before = paper.measurement;
const of = (measurement: CompletedRun['measurement']): CompletedRun => ({ ...paper, measurement });

test('says what has changed, and by how much', () => {
  const now = { ...before, totalTimeMs: before.totalTimeMs * 1.5, downtimeMs: before.downtimeMs / 2 };
  const [total, downtime, sent] = differenceText([paper], [of(now)]).split('\n');
  expect(total).toMatch(/^ {2}total +2\.04 s → +3\.06 s {3}\+50 %$/);
  expect(downtime).toMatch(/^ {2}downtime +40 ms → +20 ms {3}−50 %$/);
  expect(sent).toMatch(/^ {2}page messages .* =$/);
});

test('zero over zero is the same, anything else over zero has no ratio', () => {
  const calm = { ...before, faults: { ...before.faults, count: 0 } };
  const lineOf = (text: string): string => text.split('\n').find((line) => line.includes('faults')) ?? '';
  expect(lineOf(differenceText([of(calm)], [of(calm)]))).toMatch(/ =$/);
  expect(lineOf(differenceText([of(calm)], [of({ ...calm, faults: { ...calm.faults, count: 7 } })]))).toMatch(
    /7$/,
  );
});

const lasting = (...factors: number[]): CompletedRun[] =>
  factors.map((factor) => of({ ...before, totalTimeMs: before.totalTimeMs * factor }));
const totalOf = (text: string): string => text.split('\n')[0] ?? '';

test('several runs have medians, and a change with its interval', () => {
  const text = differenceText(lasting(1, 1.02, 0.98), lasting(1.5, 1.45, 1.55));
  expect(totalOf(text)).toMatch(/\+50 % \[\+4\d, \+5\d\]$/);
  expect(text).not.toContain('--repeat');
});

test('noise is shown as an interval around nothing', () => {
  const text = differenceText(lasting(1, 1.2, 0.8), lasting(1.1, 0.9, 1));
  expect(totalOf(text)).toMatch(/ 0 % \[−\d+, \+\d+\]$/);
});

test('one run says that it is one', () => {
  expect(differenceText(lasting(1), lasting(1.5, 1.5))).toMatch(
    /\+50 %\n[^]*one run says nothing about noise/,
  );
});
