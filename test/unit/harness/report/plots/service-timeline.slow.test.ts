import { expect, jest, test } from '@jest/globals';
import type { CompletedRun, ServiceMeasurement } from '#harness/result';
import { runArticle } from '#harness/report/page/run';
import { drawService, serviceData } from '#harness/report/plots/service-timeline';
import { mostPoints } from '#harness/report/plots/thin';
import { timelineCsv } from '#harness/report/plots/timeline-csv';
import { shownRuns } from '#test/support/shown-runs';

jest.setTimeout(60_000);

const run = shownRuns().find(({ state }) => state === 'completed') as CompletedRun;

const span = {
  ...{ requests: 100, requestsPerSecond: 1000, repliesPerSecond: 990, kilobytesPerSecond: 4000 },
  ...{ p50Ms: 0.5, p90Ms: 1, p95Ms: 2, p99Ms: 3, maxMs: 9 },
  ...{ errors: 1, timeouts: 0, refused: 1, stale: 0, otherErrors: 0 },
};
const silent = { ...span, ...{ p50Ms: null, p90Ms: null, p95Ms: null, p99Ms: null, maxMs: null } };
const phase = { durationMs: 1000, ...span };
const withService = (points: number): CompletedRun => {
  const service: ServiceMeasurement = {
    ...{ rate: 1000, lateP99Ms: 0.1, during: phase },
    phases: {
      before: phase,
      rounds: phase,
      downtime: { ...phase, ...silent, errors: 77, timeouts: 77, refused: 0 },
      postcopy: null,
      after: phase,
    },
    series: Array.from({ length: points }, (_, nth) => ({
      atMs: nth * 100 - 1000,
      ...(nth === 30 ? silent : span),
    })),
  };
  return { ...run, measurement: { ...run.measurement, service } };
};

test('a service has its plot and its table, which say what was measured', async () => {
  const { text } = await runArticle(withService(60), 'run', 'a cell');
  expect(text).toContain('Service of a cell by phase');
  expect(text).toContain('<th scope="row">downtime</th>');
  expect(text).toContain('77 timed out');
  expect(text).not.toContain('<th scope="row">postcopy</th>');
  const svg = await drawService(withService(60));
  expect(svg.match(/class="mark-line role-mark/g)?.length).toBeGreaterThanOrEqual(5);
  expect(svg).not.toMatch(/NaN|undefined|not recorded/);
});

test('a guest that is no service has neither', async () => {
  const { text } = await runArticle(run, 'run', 'a cell');
  expect(text).not.toContain('Service of');
});

test('long runs are thinned, where the highest latency and every error stay', () => {
  const long = withService(1000);
  long.measurement.service!.series[500] = { ...long.measurement.service!.series[500]!, maxMs: 777 };
  const rows = serviceData(long);
  expect(rows.length).toBeLessThanOrEqual(mostPoints);
  expect(Math.max(...rows.map(({ max }) => max ?? 0))).toBe(777);
  expect(rows.every(({ errors }) => Math.abs(errors - 10) < 1e-6)).toBe(true);
  expect(serviceData(withService(0))).toEqual([]);
  const count = timelineCsv(long)
    .split('\r\n')
    .filter((text) => text.startsWith('service_p95_ms,')).length;
  expect(count).toBe(1000);
});
