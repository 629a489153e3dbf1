import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { JitterDistribution } from '#catalogue/jitter-distributions';
import {
  deviatesOf,
  jitterDistributionNames,
  jitterDistributions,
  jitterReachMs,
  tableEntries,
} from '#catalogue/jitter-distributions';

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float64Array): number => {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length);
};

describe.each(jitterDistributionNames)('%s', (name) => {
  test('has a table in ascending order', () => {
    const deviates = deviatesOf(name);
    expect(deviates).toHaveLength(tableEntries);
    expect(deviates).toEqual(deviates.toSorted());
  });
});

test.each<[JitterDistribution, number, number, number, number]>([
  // Mean, standard deviation, least, most.
  ['uniform', 0, 1 / Math.sqrt(3), -1, 1],
  ['normal', 0, 1, -4, 3.53],
  // A Pareto of shape 3, whose mean and standard deviation are 1.5 and √0.75, times 4/3, and cut off at 4.
  ['pareto', -0.033, 0.821, -2 / 3, 4],
  // Both parts are early or late together, so that it is nearly a quarter of one and three of the other.
  ['paretonormal', -0.025, 0.834, -1.5, 3.88],
])('%s has the moments of its name', (name, middle, spread, least, most) => {
  const deviates = deviatesOf(name);
  expect(mean(deviates)).toBeCloseTo(middle, 2);
  expect(deviation(deviates)).toBeCloseTo(spread, 2);
  expect(deviates[0]).toBeCloseTo(least, 1);
  expect(deviates.at(-1)).toBeCloseTo(most, 1);
});

test('jitter reaches as far as the table, early or late', () => {
  expect(jitterReachMs({ jitterMs: 10, jitterDistribution: 'uniform' })).toBeCloseTo(10, 1);
  expect(jitterReachMs({ jitterMs: 10, jitterDistribution: 'pareto' })).toBeCloseTo(40, 1);
  expect(jitterReachMs({ jitterMs: 10 })).toBe(40);
  expect(jitterReachMs({ jitterMs: 0, jitterDistribution: 'pareto' })).toBe(0);
});

/** Where Debian's iproute2 has its tables, and where others have them. */
const folders = ['/usr/lib/x86_64-linux-gnu/tc', '/usr/lib/aarch64-linux-gnu/tc', '/usr/lib/tc', '/usr/lib64/tc', '/usr/share/tc']; // prettier-ignore
const fileOf = (name: string): string | undefined =>
  folders.map((folder) => `${folder}/${name}.dist`).find((file) => existsSync(file));

const named = jitterDistributionNames.flatMap((name): [JitterDistribution, string][] => {
  const { tcName } = jitterDistributions[name];
  return tcName === null ? [] : [[name, tcName]];
});

(fileOf('normal') === undefined ? describe.skip : describe)("tc's own table", () => {
  test.each(named)('of %s is this one', (name, tcName) => {
    const text = readFileSync(fileOf(tcName)!, 'utf8').replaceAll(/^#.*$/gm, '');
    const theirs = text.trim().split(/\s+/).map(Number);
    const ours = deviatesOf(name);
    expect(theirs).toHaveLength(tableEntries);
    // tc's generator goes in steps of 0.4 of these units, and rounds.
    const furthest = Math.max(...theirs.map((value, nth) => Math.abs(value - ours[nth]! * 8192)));
    expect(furthest).toBeLessThan(3);
  });
});
