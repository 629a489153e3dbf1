import { expect, test } from '@jest/globals';
import type { Trace } from '#harness/export/trace-format';
import { traceOf } from '#harness/export/trace';
import type { CompletedRun } from '#harness/result';
import type { RunEvent } from '#harness/run/events';
import type { FaultsEvent, MessagesEvent, ToldMessages } from '#proto/events';
import { completedPaperResult } from '#test/support/paper-result';

const run = completedPaperResult() as CompletedRun;
const startedAtMs = 5_000_000;
const [round] = run.measurement.rounds;
/** By which the trace knows when the migration began. */
const ended: RunEvent = {
  ...{ type: 'round', round: 1, phase: 'precopy', durationMs: 1, pagesSent: 1, bytesSent: 1 },
  ...{ pagesDirtied: 0, dirtyPagesPerSecond: 0, throughputMbps: 1 },
  atMs: startedAtMs + round!.startMs + round!.durationMs,
};

const told = (name: ToldMessages['name'], way: ToldMessages['way'], atMs: number, more = {}): ToldMessages => ({
  ...{ name, way, firstAtMs: startedAtMs + atMs, lastAtMs: startedAtMs + atMs, count: 1, bytes: 0 },
  ...more,
}); // prettier-ignore

const messages: MessagesEvent = {
  type: 'messages',
  atMs: startedAtMs + 900,
  host: 'source',
  messages: [
    told('hello', 'received', 1),
    told('hello', 'sent', 2),
    told('pages', 'sent', 10, { lastAtMs: startedAtMs + 95, count: 40, bytes: 163_840 }),
    told('receipt', 'received', 20),
    told('pages', 'sent', 110),
  ],
  leftOut: 0,
};
const faults: FaultsEvent = {
  type: 'faults',
  atMs: startedAtMs + 900,
  faults: [
    { requestedAtMs: startedAtMs + 500, answeredAtMs: startedAtMs + 512.5, page: 7, vcpu: 0 },
    { requestedAtMs: startedAtMs + 505, answeredAtMs: startedAtMs + 511, page: 9, vcpu: 1 },
    { requestedAtMs: startedAtMs + 520, answeredAtMs: startedAtMs + 531, page: 8, vcpu: 0 },
  ],
  leftOut: 0,
};

const named = (trace: Trace, name: string) => trace.traceEvents.filter((event) => event.name === name);
const threadName = ({ traceEvents }: Trace, pid: number, tid: number): unknown =>
  traceEvents.find((event) => event.name === 'thread_name' && event.pid === pid && event.tid === tid)?.args?.[
    'name'
  ];

test('a message is a moment at its end, by the way it went; bulk is slices with their number', () => {
  const trace = traceOf(run, [ended, messages]);
  const [received, sent] = named(trace, 'hello');
  expect(received).toMatchObject({ ph: 'i', s: 't', ts: 1000, pid: 2 });
  expect(sent).toMatchObject({ ph: 'i', s: 't', ts: 2000, pid: 2 });
  expect(threadName(trace, 2, received!.tid)).toBe('messages received');
  expect(threadName(trace, 2, sent!.tid)).toBe('messages sent');
  const pages = named(trace, 'pages');
  expect(pages).toMatchObject([
    { ph: 'X', ts: 10_000, dur: 85_000, args: { count: 40, bytes: 163_840 } },
    { ph: 'X', ts: 110_000, dur: 0, args: { count: 1 } },
  ]);
  expect(threadName(trace, 2, pages[0]!.tid)).toBe('messages sent: pages');
  expect(named(trace, 'receipt')).toMatchObject([{ ph: 'X', pid: 2 }]);
  expect(named(trace, 'receipt')[0]!.tid).not.toBe(pages[0]!.tid);
});

test('the other end has its own, on its own tracks', () => {
  const trace = traceOf(run, [ended, { ...messages, host: 'destination' }]);
  const [received] = named(trace, 'hello');
  expect(received).toMatchObject({ pid: 4 });
  expect(threadName(trace, 4, received!.tid)).toBe('messages received');
});

test('a fault is a slice of its vCPU, from its request to its answer', () => {
  const trace = traceOf(run, [ended, faults]);
  expect(named(trace, 'fault')).toMatchObject([
    { ph: 'b', cat: 'fault', id: '0x0', pid: 4, ts: 500_000, args: { page: 7, vcpu: 0 } },
    { ph: 'e', cat: 'fault', id: '0x0', pid: 4, ts: 512_500 },
    { ph: 'b', cat: 'fault', id: '0x1', pid: 4, ts: 505_000, args: { page: 9, vcpu: 1 } },
    { ph: 'e', cat: 'fault', id: '0x1', pid: 4, ts: 511_000 },
    { ph: 'b', cat: 'fault', id: '0x0', pid: 4, ts: 520_000, args: { page: 8, vcpu: 0 } },
    { ph: 'e', cat: 'fault', id: '0x0', pid: 4, ts: 531_000 },
  ]);
});

test('what was left out is told, and nothing is where nothing was', () => {
  const whole = traceOf(run, [ended, messages, faults]);
  expect(whole.otherData['leftOut']).toBeUndefined();
  expect(whole.traceEvents.filter(({ name }) => name.endsWith('left out'))).toEqual([]);
  const trace = traceOf(run, [ended, { ...messages, leftOut: 3 }, { ...faults, leftOut: 500 }]);
  expect(trace.otherData['leftOut']).toBe('3 messages of the source, 500 faults');
  expect(named(trace, '3 messages left out')).toMatchObject([{ ph: 'i', pid: 2, ts: 900_000 }]);
  expect(named(trace, '500 faults left out')).toMatchObject([{ ph: 'i', pid: 4, ts: 900_000 }]);
});

test('every event is of a process and a thread that have names', () => {
  const both = [messages, { ...messages, host: 'destination' as const }, faults];
  const trace = traceOf(run, [ended, ...both]);
  for (const { ph, pid, tid, ts } of trace.traceEvents) {
    if (ph === 'M' || ph === 'C') continue;
    expect(threadName(trace, pid, tid)).toEqual(expect.any(String));
    expect(Number.isSafeInteger(ts)).toBe(true);
  }
});
