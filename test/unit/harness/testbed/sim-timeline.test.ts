import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { CompletedRun, RunResult } from '#harness/result';
import type { RunEvent } from '#harness/run';
import { runScenario } from '#harness/run';
import { loadScenario } from '#harness/scenario';

/** A timeline in virtual time: the same to the byte each time. */
const document = {
  driver: 'sim',
  link: 'coleraine-dublin-1g',
  strategy: 'pre-copy',
  guest: { ram: '72MiB', baseFootprint: '64MiB' },
  workload: 'idle',
} as const;
/** 64 MiB at 8 Mb/s: a minute, if nothing happens. */
const slow = { limits: { maxBandwidthMbps: 8 } };

const run = async (change: object, events: RunEvent[] = []): Promise<RunResult> =>
  runScenario(await loadScenario(undefined, { ...document, ...change }), {
    events: { next: (event) => events.push(event) },
  });
const completed = async (change: object): Promise<CompletedRun> => {
  const result = await run(change);
  expect(result.error).toBeNull();
  return result as CompletedRun;
};
const twice = async (change: object): Promise<RunResult> => {
  const [result, again] = [await run(change), await run(change)];
  expect(JSON.stringify(again)).toBe(JSON.stringify(result));
  return result;
};

const directory = mkdtempSync(join(tmpdir(), 'livemig-sim-timeline-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const traceOf = (text: string): string => {
  const path = join(directory, 'trace.csv');
  writeFileSync(path, text);
  return path;
};

/** Mean Mb/s that entered the link in a span, as the router counted. */
const mbpsBetween = ({ measurement }: CompletedRun, fromMs: number, untilMs: number): number => {
  const { link } = measurement.series;
  const [start] = link;
  let sum = 0;
  let ms = 0;
  let beforeMs = start!.atMs - 50;
  for (const { atMs, sourceToDestinationMbps } of link) {
    if (beforeMs >= fromMs && atMs <= untilMs) {
      sum += sourceToDestinationMbps * (atMs - beforeMs);
      ms += atMs - beforeMs;
    }
    beforeMs = atMs;
  }
  return sum / ms;
};

describe('a timeline in virtual time', () => {
  test('the link becomes slower and then faster, and the migration with it', async () => {
    const timeline = [
      { at: '200ms', do: 'link', rateMbps: 100 },
      { at: '1200ms', do: 'link', rateMbps: 1000 },
    ];
    const result = (await twice({ timeline })) as CompletedRun;
    const control = await completed({});
    expect(result.timeline).toEqual([
      {
        ...{ entry: 0, at: '200ms', do: 'link', with: 'rateMbps 100', detail: null },
        ...{ askedMs: 200, atMs: 200, tookMs: 0, outcome: 'done' },
      },
      expect.objectContaining({ entry: 1, askedMs: 1200, atMs: 1200, outcome: 'done' }),
    ]);
    expect(control).not.toHaveProperty('timeline');
    // 64 MiB take 0.55 s at 1 Gb/s, and a second of 100 Mb/s carries a tenth of what was left.
    expect(control.measurement.totalTimeMs).toBeLessThan(800);
    expect(result.measurement.totalTimeMs).toBeGreaterThan(1200);
    expect(mbpsBetween(result, 300, 1150)).toBeGreaterThan(95);
    expect(mbpsBetween(result, 300, 1150)).toBeLessThan(105);
    expect(mbpsBetween(control, 100, 500)).toBeGreaterThan(900);
    expect(result.crossChecks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['downtime', 'agree'],
      ['wire-bytes', 'agree'],
      ['timeline', 'agree'],
    ]);
  });

  test('windows follow: a link that becomes long is still filled', async () => {
    const timeline = [{ at: '100ms', do: 'link', delayMs: 100 }];
    const result = await completed({ timeline, guest: { ram: '272MiB', baseFootprint: '256MiB' } });
    // Two products of the short link, 4 MiB, would be 168 Mb/s over a round trip of 200 ms.
    expect(mbpsBetween(result, 1000, 2000)).toBeGreaterThan(800);
  });

  test('a trace is replayed from its moment on', async () => {
    const trace = traceOf('timeMs,rateMbps\n0,50\n500,400\n1000,50\n');
    const result = (await twice({ timeline: [{ at: '100ms', do: 'link', trace }] })) as CompletedRun;
    expect(result.timeline).toMatchObject([
      { do: 'link', with: `trace ${trace}`, atMs: 100, outcome: 'done', trace: { steps: 3, applied: 3 } },
    ]);
    expect(mbpsBetween(result, 200, 600)).toBeLessThan(60);
    expect(mbpsBetween(result, 700, 1100)).toBeGreaterThan(350);
    expect(mbpsBetween(result, 1200, 1500)).toBeLessThan(60);
  });

  test('another change takes the place of a trace', async () => {
    const trace = traceOf('timeMs,rateMbps\n0,50\n10000,400\n');
    const timeline = [
      { at: '100ms', do: 'link', trace },
      { at: '300ms', do: 'link', rateMbps: 5 },
    ];
    expect((await completed({ timeline })).timeline).toMatchObject([
      {
        trace: { steps: 2, applied: 1 },
        detail: 'step 2 of 2 was not reached: another change took its place',
      },
      { outcome: 'done' },
    ]);
  });

  test('limits change as by livemig set, in a round', async () => {
    const timeline = [{ at: 'round:1+1s', do: 'set', maxBandwidthMbps: 400 }];
    const result = (await twice({ ...slow, timeline })) as CompletedRun;
    expect(result.measurement.parameterChanges).toMatchObject([{ changed: { maxBandwidthMbps: 400 } }]);
    expect(result.timeline).toMatchObject([{ with: 'maxBandwidthMbps 400', outcome: 'done' }]);
    const [played] = result.timeline!;
    expect(played!.askedMs).toBeGreaterThan(1000);
    expect(played!.atMs).toBe(played!.askedMs);
    expect(result.measurement.totalTimeMs).toBeLessThan(4000);
  });

  test.each([
    ['force-switchover', 'force', {}],
    ['start-postcopy', 'postcopy', { capabilities: { 'postcopy-ram': true } }],
  ] as const)('%s', async (action, order, more) => {
    const result = await completed({ ...slow, ...more, timeline: `1500ms ${action}` });
    expect(result.measurement.switchoverOrder).toMatchObject({ order });
    expect(result.measurement.switchoverOrder?.atMs).toBeCloseTo(1500, 0);
  });

  test('an order that comes too early is given as soon as it can be, and says so', async () => {
    const result = await completed({ ...slow, timeline: '0 force-switchover' });
    expect(result.timeline).toMatchObject([
      { outcome: 'done', detail: 'it came too early, and was told again until it could be done' },
    ]);
    expect(result.measurement.switchoverOrder?.order).toBe('force');
  });

  test('cancel: the run has failed, and the guest runs on at the source', async () => {
    expect(await twice({ ...slow, timeline: '1s cancel' })).toMatchObject({
      state: 'failed',
      error: { code: 'CANCELLED', message: expect.stringContaining("scenario's timeline") as unknown },
      guest: { where: 'source', verified: true },
      timeline: [{ do: 'cancel', askedMs: 1000, outcome: 'done' }],
    });
  });

  test('continue ends the wait of pause-before-switchover', async () => {
    const capabilities = { 'pause-before-switchover': 60 };
    const result = await completed({ capabilities, timeline: 'pre-switchover+300ms continue' });
    expect(result.measurement.downtime.preSwitchoverMs).toBeCloseTo(300, 0);
  });

  test('a cut in post-copy lasts as long as was asked for', async () => {
    const timeline = 'postcopy+100ms cut forMs=400';
    const change = { strategy: 'post-copy', limits: { maxPostcopyBandwidthMbps: 100 }, timeline };
    const result = (await twice(change)) as CompletedRun;
    const [cut] = result.measurement.linkCuts;
    expect(cut).toMatchObject({ plannedMs: 400 });
    expect(cut!.durationMs).toBeCloseTo(400);
    expect(result.timeline).toMatchObject([{ do: 'cut', with: 'for 400 ms', outcome: 'done' }]);
    expect(result.timeline![0]!.tookMs).toBeCloseTo(400);
    expect(cut!.startMs).toBeCloseTo(result.timeline![0]!.atMs!);
  });

  test('a cut that outlasts the migration ends with the run', async () => {
    const events: RunEvent[] = [];
    const timeline = 'device cut forMs=600000';
    const result = await run({ strategy: 'stop-and-copy', timeline }, events);
    // Nothing arrives any more: the connection is lost long before the cut is over.
    expect(result.state).toBe('failed');
    expect(events.filter(({ type }) => type === 'cut-ended')).toHaveLength(1);
    expect(result.durationMs).toBeLessThan(120_000);
  });

  test('an entry whose time never comes is told as such', async () => {
    const timeline = [
      { at: 'round:9', do: 'cut', forMs: 5 },
      { at: '1min', do: 'cancel' },
      { at: 'postcopy-paused', do: 'cancel' },
    ];
    const result = await completed({ strategy: 'hybrid', timeline });
    expect(result.timeline).toMatchObject([
      {
        ...{ at: 'round:9', askedMs: null, atMs: null, tookMs: null, outcome: 'never' },
        detail: expect.stringMatching(
          /^the migration ended before that: completed, after 1 round of/,
        ) as unknown,
      },
      { at: '60000ms', outcome: 'never' },
      { at: 'postcopy-paused', outcome: 'never' },
    ]);
    // Nobody was kept waiting for what never came: it's as long as with a timeline that has happened.
    const control = await completed({ strategy: 'hybrid', timeline: '0 set maxBandwidthMbps=100000' });
    expect(result.durationMs).toBe(control.durationMs);
  });

  test('an order that comes too late is refused, and the migration goes on', async () => {
    const change = { strategy: 'post-copy', limits: { maxPostcopyBandwidthMbps: 100 } };
    expect((await completed({ ...change, timeline: 'postcopy+1s cancel' })).timeline).toMatchObject([
      {
        outcome: 'refused',
        detail: expect.stringContaining('expected a migration that can be cancelled') as unknown,
      },
    ]);
  });

  test('what is done is told to whoever watches the run', async () => {
    const events: RunEvent[] = [];
    await run({ timeline: '100ms link rateMbps=200' }, events);
    expect(events.filter(({ type }) => type === 'timeline')).toEqual([
      expect.objectContaining({ entry: 0, text: '100ms: link: rateMbps 200' }),
    ]);
  });
});

test('the example tells its story, the same to the byte', async () => {
  const file = fileURLToPath(new URL('../../../../scenarios/timeline.yaml', import.meta.url));
  const scenario = await loadScenario(file, { driver: 'sim' });
  const [result, again] = [await runScenario(scenario), await runScenario(scenario)];
  expect(result.error).toBeNull();
  expect(JSON.stringify(again)).toBe(JSON.stringify(result));
  expect(result.timeline?.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'done']);
});
