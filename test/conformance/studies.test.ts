import { expect, test } from '@jest/globals';
import { findStudies } from '#harness/studies/index';
import { checkIds, checks, studies } from '../support/studies.ts';
import { studyConformance } from './study.ts';

/** The smallest study that has everything. */
const problems: string[] = [];
const smallest = await findStudies(['test/support/my-study'], problems);
if (problems.length > 0) throw new Error(problems.join('\n'));

for (const study of [...studies, ...smallest]) studyConformance(study);

test('no two trends of the project share a number, and no two checks an id', () => {
  const trends = studies.flatMap((study) => study.trends.map(({ trend }) => trend));
  expect(new Set(trends).size).toBe(trends.length);
  expect(new Set(checkIds).size).toBe(checkIds.length);
  // None is lost: those of the first two documents, and as many of each other one.
  const counts = studies.map(({ name, trends: own }) => [name, own.flatMap((trend) => trend.checks).length]);
  expect(Object.fromEntries(counts)).toMatchObject({
    'icclab-10g': 22,
    'icclab-load': 16,
    'modcs-service': 5,
    'ulster-wan': 12,
  });
});

test('every check of the project but the contested one has a negative control', () => {
  expect(checks.filter(({ check }) => check.control === null).map(({ check }) => check.id)).toEqual(['11a']);
});
