import { describe, expect, test } from '@jest/globals';
import type { RunEvent } from '#harness/run/events';
import { foldLog, progressBlock, silentLog } from '#harness/report/lines';
import { foldProgress, noProgress } from '#harness/report/progress';

const round = (atMs: number, number: number): RunEvent => ({
  type: 'round',
  atMs,
  round: number,
  phase: 'precopy',
  durationMs: 100,
  pagesSent: 1000,
  bytesSent: 4_112_000,
  pagesDirtied: 50,
  dirtyPagesPerSecond: 500,
  throughputMbps: 940,
});
const guest = (
  atMs: number,
  host: 'source' | 'destination',
  operations: number,
  running = true,
): RunEvent => ({
  type: 'guest',
  atMs,
  host,
  running,
  operations,
  pagesDirtied: 0,
  stalledMs: 0,
});
const events: RunEvent[] = [
  { type: 'phase', atMs: 1000, phase: 'up', detail: 'netns' },
  { type: 'phase', atMs: 3000, phase: 'migrate', detail: 'hybrid' },
  { type: 'status', atMs: 3010, status: 'active' },
  guest(3100, 'source', 10_000),
  guest(3600, 'source', 20_000),
  round(3700, 1),
  {
    type: 'progress',
    atMs: 3800,
    transferredBytes: 3 * 1024 ** 2,
    remainingBytes: 1024 ** 2,
    throughputMbps: 8520,
  },
];
const blockOf = (told: readonly RunEvent[], columns = 100): string[] =>
  progressBlock('title', told.reduce(foldProgress, noProgress), 5000, columns);

describe('a log line', () => {
  test.each<[RunEvent, RegExp]>([
    [
      { type: 'parameters', atMs: 4000, changed: { maxBandwidthMbps: 500 } },
      /limits changed: maxBandwidthMbps 500/,
    ],
    [
      { type: 'refused', atMs: 4000, reason: 'expected a hello', count: 16 },
      /rejected an unknown client .*16 so far.*: expected a hello/,
    ],
  ])('%j', (event, line) => {
    expect(foldLog(silentLog, event).line).toMatch(line);
    expect(blockOf([...events, event])).toEqual(blockOf(events));
  });
});

describe('progress', () => {
  test('the block says where the run is', () => {
    expect(blockOf(events)).toEqual([
      'title',
      '  phase       migrate: hybrid · active',
      '  round       1',
      '  throughput  8.52 Gb/s',
      '  dirty rate  500 pages/s (1.95 MiB/s)',
      '  remaining   [==================      ] 1 MiB',
      '  guest       20,000 operations/s at the source',
      '  elapsed     4 s',
    ]);
  });

  test('it has the same height from the first frame on, so it can be redrawn in place', () => {
    const heights = events.map((_, count) => blockOf(events.slice(0, count)).length);
    expect(new Set(heights)).toEqual(new Set([8]));
  });

  test('no line is wider than the terminal', () => {
    for (const line of blockOf(events, 20)) expect(line.length).toBeLessThanOrEqual(20);
  });

  test('operations are counted per host: the handover causes no negative speed', () => {
    const moved = [...events, guest(4000, 'destination', 100)];
    expect(blockOf(moved)[6]).toBe('  guest       at the destination');
    expect(blockOf([...moved, guest(4100, 'destination', 300)])[6]).toContain('2,000 operations/s');
  });

  test('the guest is where it runs, whoever reported last: the empty shell and the remains report too', () => {
    const shell = guest(3650, 'destination', 0, false);
    expect(blockOf([...events, shell])).toEqual(blockOf(events));
    const stopped = [...events, shell, guest(3900, 'source', 25_000, false)];
    expect(blockOf([...stopped, guest(3910, 'destination', 0, false)])[6]).toBe(
      '  guest       paused at the source',
    );
    const moved = [...stopped, guest(4000, 'destination', 100), guest(4100, 'destination', 300)];
    const remains = [...moved, guest(4110, 'source', 25_000, false)];
    expect(blockOf(remains)[6]).toBe('  guest       2,000 operations/s at the destination');
    // A failed migration: it runs on where it was, and its speed isn't averaged over the time it stood still.
    const back = [...stopped, guest(5000, 'source', 25_100)];
    expect(blockOf(back)[6]).toBe('  guest       at the source');
  });

  test('a wait for the user is shown in the block and in the log', () => {
    const event: RunEvent = { type: 'status', atMs: 4000, status: 'pre-switchover' };
    expect(blockOf([...events, event])[1]).toContain('pre-switchover · waiting for `livemig continue`');
    expect(foldLog(silentLog, event).line).toContain('status pre-switchover: waiting for `livemig continue`');
    const on: RunEvent = { type: 'status', atMs: 4100, status: 'device' };
    expect(blockOf([...events, event, on]).join()).not.toContain('livemig continue');
  });

  test('a cut is shown while it lasts, in the block and in the log', () => {
    const cut: RunEvent = { type: 'cut', atMs: 4000, plannedMs: 5000 };
    const ended: RunEvent = { type: 'cut-ended', atMs: 9001, startedAtMs: 4000 };
    expect(blockOf([...events, cut])[1]).toContain('link cut');
    expect(blockOf([...events, cut, ended])).toEqual(blockOf(events));
    expect(foldLog(silentLog, cut).line).toContain('the link between source and destination is cut for 5 s');
    expect(foldLog(silentLog, ended).line).toContain('the link is restored after 5.00 s');
  });
});

describe('log', () => {
  const linesOf = (told: readonly RunEvent[]): string[] => {
    let state = silentLog;
    return told.flatMap((event) => {
      state = foldLog(state, event);
      return state.line === undefined ? [] : [state.line];
    });
  };

  test('shows phases, status, rounds and progress, with the time since the start', () => {
    expect(linesOf(events)).toEqual([
      '[   0.0 s] up: netns',
      '[   2.0 s] migrate: hybrid',
      '[   2.0 s] status active',
      '[   2.7 s] round 1 (precopy): 1,000 pages in 100 ms at 940 Mb/s, 50 dirtied meanwhile',
      '[   2.8 s] 3 MiB of page messages, 1 MiB remaining, 8.52 Gb/s',
    ]);
  });

  test('a hundred rounds in ten seconds have a line each', () => {
    const many = Array.from({ length: 100 }, (_, index) => round(index * 100, index + 1));
    expect(linesOf(many)).toHaveLength(100);
  });

  test('progress never hides a change of status', () => {
    const told: RunEvent[] = [events.at(-1)!, { type: 'status', atMs: 3801, status: 'completed' }];
    expect(linesOf(told)).toHaveLength(2);
  });
});
