import { describe, expect, jest, test } from '@jest/globals';
import type { CompletedRun } from '#harness/result';
import { drawTimeline, missingPanels } from '#harness/report/plots/timeline';
import { timelineCsv } from '#harness/report/plots/timeline-csv';
import { timelineData } from '#harness/report/plots/timeline-data';
import { mostPoints } from '#harness/report/plots/thin';
import { parseCsv } from '#test/support/csv';
import { shownRuns } from '#test/support/shown-runs';

jest.setTimeout(60_000);

const run = shownRuns().find(({ state }) => state === 'completed') as CompletedRun;
const { measurement } = run;
const withMeasurement = (changed: Partial<CompletedRun['measurement']>): CompletedRun => ({
  ...run,
  measurement: { ...measurement, ...changed },
});

describe('what a timeline is drawn from', () => {
  test('the downtime is a band from the last to the first instruction', () => {
    expect(timelineData(run).band).toEqual([
      {
        at: measurement.downtimeStartMs / 1000,
        until: (measurement.downtimeStartMs + measurement.downtimeMs) / 1000,
      },
    ]);
  });

  test('the guest is shown where it ran: neither the empty shell before nor the remains after', () => {
    const everywhere = (['source', 'destination'] as const).flatMap((host) =>
      [-5000, -500, 100, measurement.totalTimeMs - 1, measurement.totalTimeMs + 500].map((atMs) => ({
        atMs, host, operationsPerSecond: 1, pagesDirtiedPerSecond: 2, stalledMs: 0,
      })),
    ); // prettier-ignore
    const shown = timelineData(withMeasurement({ guestProgress: everywhere })).guest;
    expect(shown.map(({ at, host }) => [host, Math.round(Number(at) * 1000)])).toEqual([
      ['source', -500],
      ['source', 100],
      ['destination', Math.round(measurement.totalTimeMs - 1)],
      ['destination', Math.round(measurement.totalTimeMs + 500)],
    ]);
  });

  test('a cut of the link is a box, and in the CSV', () => {
    const linkCuts = [
      { startMs: 500, durationMs: 1001, plannedMs: 1000 },
      { startMs: 2000, durationMs: null, plannedMs: 3000 },
    ];
    expect(timelineData(withMeasurement({ linkCuts })).cuts).toEqual([
      { at: 0.5, until: 1.501 },
      { at: 2, until: 5 },
    ]);
    const rows = parseCsv(timelineCsv(withMeasurement({ linkCuts })));
    const cuts = rows.filter(([series]) => series?.startsWith('link_cut'));
    expect(cuts.map(([series, atMs]) => [series, Number(atMs)])).toEqual([
      ['link_cut_start', 500],
      ['link_cut_end', 1501],
      ['link_cut_start', 2000],
    ]);
    expect(timelineData(run).cuts).toEqual([]);
  });

  test('faults are binned by powers of two of µs', () => {
    const faults = { ...measurement.faults, histogram: [0, 0, 7] };
    expect(timelineData(withMeasurement({ faults })).faults).toEqual([{ fromUs: 4, untilUs: 8, count: 7 }]);
  });

  test('no series has more points than can be seen', () => {
    const progress = Array.from({ length: 5000 }, (_, index) => ({
      atMs: index, host: 'source' as const, operationsPerSecond: 1, pagesDirtiedPerSecond: 1, stalledMs: 0,
    })); // prettier-ignore
    const long = withMeasurement({ guestProgress: progress, downtimeStartMs: 5000, totalTimeMs: 6000 });
    expect(timelineData(long).guest.length).toBeLessThanOrEqual(mostPoints);
    for (const rows of Object.values(timelineData(run)))
      expect(rows.length).toBeLessThanOrEqual(2 * mostPoints);
  });
});

describe('the drawing', () => {
  test('has marks in each panel, and stays small', async () => {
    const svg = await drawTimeline(run);
    expect(svg.match(/class="mark-line role-mark/g)?.length).toBeGreaterThanOrEqual(6);
    expect(svg.match(/class="mark-rect role-mark/g)?.length).toBeGreaterThanOrEqual(6);
    expect(svg).not.toMatch(/NaN|undefined|not recorded|#[0-9a-f]{6}/);
    expect(svg.length).toBeLessThan(40_000);
  });

  test('is the same for the same run, whatever was drawn before', async () => {
    const first = await drawTimeline(run);
    await drawTimeline(withMeasurement({ guestProgress: [] }));
    expect(await drawTimeline(run)).toBe(first);
  });

  test('says in place of a panel what was not recorded', async () => {
    const bare = withMeasurement({
      guestProgress: [],
      faults: { ...measurement.faults, histogram: [] },
    });
    const svg = await drawTimeline(bare);
    expect(missingPanels(bare)).toEqual(['guest']);
    expect(svg.match(/>not recorded</g)).toHaveLength(2);
    expect(svg.match(/>no demand faults</g)).toHaveLength(1);
  });
});

test('the CSV has every point of every series, unthinned', () => {
  const [columns, ...rows] = parseCsv(timelineCsv(run));
  const count = (series: string): number => rows.filter(([name]) => name === series).length;
  expect(columns).toEqual(['series', 'at_ms', 'value', 'from_us', 'until_us']);
  expect(count('source_to_destination_mbps')).toBe(61);
  expect(count('guest_operations_per_s_source') + count('guest_operations_per_s_destination')).toBe(
    measurement.guestProgress.length,
  );
  expect(count('faults')).toBe(measurement.faults.histogram.length);
  expect(Number(rows.find(([name]) => name === 'downtime_start')?.[1])).toBeCloseTo(
    measurement.downtimeStartMs,
    0,
  );
});

test('the CSV is made by a self-contained function: the page has its source, not its imports', () => {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  const alone = new Function(`return ${timelineCsv.toString()}`)() as typeof timelineCsv;
  expect(alone(run)).toBe(timelineCsv(run));
});
