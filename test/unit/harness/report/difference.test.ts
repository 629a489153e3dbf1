import { expect, test } from '@jest/globals';
import { measure } from '../../../../harness/measure/measure.ts';
import { differenceText } from '../../../../harness/report/difference.ts';
import { paperCollected } from '../../../support/synthetic-migration.ts';

const before = measure(paperCollected());

test('says what has changed, and by how much', () => {
  const now = { ...before, totalTimeMs: before.totalTimeMs * 1.5, downtimeMs: before.downtimeMs / 2 };
  const [total, downtime, sent] = differenceText(before, now).split('\n');
  expect(total).toMatch(/^ {2}total +2\.04 s → +3\.06 s {3}\+50 %$/);
  expect(downtime).toMatch(/^ {2}downtime +40 ms → +20 ms {3}−50 %$/);
  expect(sent).toMatch(/^ {2}sent .* =$/);
});

test('nothing over nothing is the same, something over nothing has no ratio', () => {
  const calm = { ...before, faults: { ...before.faults, count: 0 } };
  const lineOf = (text: string): string => text.split('\n').find((line) => line.includes('faults')) ?? '';
  expect(lineOf(differenceText(calm, calm))).toMatch(/ =$/);
  expect(lineOf(differenceText(calm, { ...calm, faults: { ...calm.faults, count: 7 } }))).toMatch(/7$/);
});
