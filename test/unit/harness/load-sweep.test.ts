import { describe, expect, test } from '@jest/globals';
import type { LoadStep } from '#harness/load-sweep';
import { saturationOf } from '#harness/load-sweep';
import { csvText } from '#harness/report/csv';
import { loadSweepTable, loadSweepText } from '#harness/report/load-sweep';

const step = (rate: number, more: Partial<LoadStep> = {}): LoadStep => ({
  ...{ rate, lateP99Ms: 0.1, doubt: null, durationMs: 1000, requests: rate },
  ...{ requestsPerSecond: rate, repliesPerSecond: rate, kilobytesPerSecond: rate * 4.096 },
  ...{ p50Ms: 0.3, p90Ms: 0.4, p95Ms: 0.5, p99Ms: 1, maxMs: 2 },
  ...{ errors: 0, timeouts: 0, refused: 0, stale: 0, otherErrors: 0 },
  ...more,
});

describe('where a service is saturated', () => {
  test('a service that keeps up is not', () => {
    expect(saturationOf([step(500), step(1000, { p95Ms: 5 })])).toBeNull();
    expect(saturationOf([])).toBeNull();
  });

  test('at the first rate at which less than 98 % are answered', () => {
    const steps = [step(500), step(1000, { repliesPerSecond: 985 }), step(1500, { repliesPerSecond: 1469 })];
    expect(saturationOf(steps)).toMatchObject({
      rate: 1500,
      why: 'less than 98 % of the requests are answered',
    });
  });

  test('also where answers of earlier requests hide that many fail', () => {
    expect(saturationOf([step(500), step(1000, { errors: 21, refused: 21 })])?.rate).toBe(1000);
  });

  test("at the first rate at which p95 is more than ten times the lowest rate's", () => {
    expect(saturationOf([step(500), step(1000, { p95Ms: 5.1 })])?.rate).toBe(1000);
  });

  test('a rate that the generator could not keep up says nothing', () => {
    const late = { doubt: 'late', repliesPerSecond: 1, p95Ms: 900 };
    expect(saturationOf([step(500, late), step(1000), step(1500, late)])).toBeNull();
  });
});

test('the table says all of it, for people and for machines', () => {
  const steps = [
    step(500),
    step(1000, { errors: 30, refused: 30, repliesPerSecond: 970, doubt: null }),
    step(1500, { doubt: 'late' }),
  ];
  const text = loadSweepText(steps).split('\n');
  expect(text[0]).toContain('asked/s');
  expect(text[2]).toContain('30 refused');
  expect(text[3]).toContain('invalid: the generator was late');
  expect(text.at(-1)).toBe('saturated at 1,000 requests/s: less than 98 % of the requests are answered');
  const csv = csvText(loadSweepTable(steps)).trim().split('\r\n');
  expect(csv).toHaveLength(4);
  expect(csv[0]?.split(',')).toHaveLength(csv[1]!.split(',').length);
  expect(csv[2]).toContain(',970,');
  expect(csv[3]?.endsWith(',0')).toBe(true);
});
