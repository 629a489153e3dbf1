import { expect, test } from '@jest/globals';
import { traceOf } from '#harness/export/trace';
import type { CompletedRun } from '#harness/result';
import type { RunEvent } from '#harness/run/events';
import { completedPaperResult } from '#test/support/paper-result';

const run = completedPaperResult() as CompletedRun;
const { measurement } = run;

const slicesOf = (trace: ReturnType<typeof traceOf>) => trace.traceEvents.filter(({ ph }) => ph === 'X');
const named = (name: string, trace = traceOf(run, [])) =>
  trace.traceEvents.filter((event) => event.name === name);

test('the parts of the downtime follow each other, and are as long as the downtime', () => {
  const [whole] = named('downtime');
  const parts = slicesOf(traceOf(run, [])).filter(({ pid, tid, name }) => pid === 3 && tid === 1 && name !== 'pause');
  expect(whole).toMatchObject({
    ts: Math.round(measurement.downtimeStartMs * 1000),
    dur: Math.round(measurement.downtimeMs * 1000),
  });
  expect(parts[0]?.ts).toBe(whole?.ts);
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]?.ts ?? whole!.ts! + whole!.dur!;
    // Each is rounded to 1 µs.
    expect(Math.abs(part.ts! + part.dur! - next)).toBeLessThanOrEqual(parts.length);
  }
}); // prettier-ignore

test('every round is a slice with its figures', () => {
  const [first] = measurement.rounds;
  expect(named(`round ${first!.round} (${first!.phase})`)).toMatchObject([
    { ph: 'X', args: { pagesSent: first!.pagesSent } },
  ]);
});

test('events of the run are put on the migration’s own time', () => {
  const [round] = measurement.rounds;
  const startedAtMs = 5_000_000;
  const events: RunEvent[] = [
    { type: 'phase', atMs: startedAtMs - 2000, phase: 'warm-up' },
    { type: 'phase', atMs: startedAtMs, phase: 'migrate', detail: 'hybrid' },
    { type: 'status', atMs: startedAtMs + 1, status: 'setup' },
    { type: 'status', atMs: startedAtMs + 11, status: 'active' },
    {
      ...{ type: 'round', round: 1, phase: 'precopy', durationMs: 1, pagesSent: 1, bytesSent: 1 },
      ...{ pagesDirtied: 0, dirtyPagesPerSecond: 0, throughputMbps: 1 },
      atMs: startedAtMs + round!.startMs + round!.durationMs,
    },
    { type: 'parameters', atMs: startedAtMs + 20, changed: { maxBandwidthMbps: 100 } },
  ];
  const trace = traceOf(run, events);
  expect(named('warm-up', trace)).toMatchObject([{ ph: 'X', ts: -2_000_000, dur: 2_000_000 }]);
  expect(named('setup', trace)).toMatchObject([{ ph: 'X', ts: 1000, dur: 10_000 }]);
  expect(named('limits changed', trace)).toMatchObject([{ ph: 'i', ts: 20_000, args: { maxBandwidthMbps: 100 } }]);
}); // prettier-ignore

test('every event is one that the format knows, of a process that has a name', () => {
  const { traceEvents } = traceOf(run, []);
  const pids = new Set(named('process_name').map(({ pid }) => pid));
  for (const { ph, pid, tid, ts, dur } of traceEvents) {
    expect('MXiC').toContain(ph);
    expect(pids).toContain(pid);
    expect(Number.isInteger(tid)).toBe(true);
    if (ph !== 'M') expect(Number.isSafeInteger(ts)).toBe(true);
    if (ph === 'X') expect(dur).toBeGreaterThanOrEqual(0);
  }
});
