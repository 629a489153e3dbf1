import { describe, expect, test } from '@jest/globals';
import { traceOf } from '#harness/export/trace';
import type { Trace } from '#harness/export/trace-format';
import type { CompletedRun, RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import type { RunEvent } from '#harness/run/events';
import { loadScenario } from '#harness/scenario';
import { faultsToldMax } from '#proto/events';
import { messageNames } from '#proto/migration-phases';

const document = {
  driver: 'sim',
  link: 'coleraine-dublin-1g',
  guest: { ram: '64MiB' },
  warmupMs: 600,
} as const;

const traced = async (change: object): Promise<{ run: CompletedRun; events: RunEvent[]; trace: Trace }> => {
  const events: RunEvent[] = [];
  const scenario = await loadScenario(undefined, { ...document, ...change });
  const run = await runScenario(scenario, { events: { next: (event) => events.push(event) } });
  expect(run.error).toBeNull();
  // As it is stored and read again.
  const stored = JSON.parse(JSON.stringify(events)) as RunEvent[];
  return { run: run as CompletedRun, events, trace: traceOf(run, stored) };
};

const faultsIn = ({ traceEvents }: Trace) =>
  traceEvents.filter(({ ph, cat }) => ph === 'b' && cat === 'fault');
const toldIn = (events: readonly RunEvent[], host: 'source' | 'destination') =>
  events.flatMap((event) => (event.type === 'messages' && event.host === host ? event.messages : []));
const sumOf = (told: readonly { name: string; bytes: number }[], ...names: string[]): number =>
  told.filter(({ name }) => names.includes(name)).reduce((sum, { bytes }) => sum + bytes, 0);

describe('the trace of a post-copy run in virtual time', () => {
  const scenario = { strategy: 'post-copy', workload: { name: 'hotspot', region: '32MiB' } };

  test('has a slice for each demand fault, as long as the vCPUs were stalled', async () => {
    const { run, trace } = await traced(scenario);
    const { count, vcpuBlocktimeMs } = run.measurement.faults;
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThanOrEqual(faultsToldMax);
    expect(faultsIn(trace)).toHaveLength(count);
    const ends = trace.traceEvents.filter(({ cat }) => cat === 'fault');
    const us = ends.reduce((sum, { ph, ts = 0 }) => sum + (ph === 'e' ? ts : -ts), 0);
    const stalledMs = vcpuBlocktimeMs.reduce((sum, ms) => sum + ms, 0);
    // Each end is rounded to 1 µs.
    expect(Math.abs(us / 1000 - stalledMs)).toBeLessThanOrEqual(count / 1000);
    expect(trace.otherData['leftOut']).toBeUndefined();
  });

  test('has the messages of both ends, the same ones, and none that the protocol has not', async () => {
    const { run, events, trace } = await traced(scenario);
    const [sent, received] = [toldIn(events, 'source'), toldIn(events, 'destination')];
    for (const { name } of [...sent, ...received]) expect(messageNames).toContain(name);
    const countOf = (told: typeof sent, name: string) =>
      told.filter((each) => each.name === name).reduce((sum, { count }) => sum + count, 0);
    for (const name of messageNames)
      expect([name, countOf(received, name)]).toEqual([name, countOf(sent, name)]);
    const { pageBytes, paddingBytes } = run.measurement.ram;
    expect(sumOf(sent, 'pages', 'answer')).toBe(pageBytes);
    expect(sumOf(received, 'pages', 'answer')).toBe(pageBytes);
    expect(sumOf(sent, 'padding')).toBe(paddingBytes);
    expect(sumOf(received, 'deviceState')).toBe(run.measurement.deviceStateBytes);
    const names = new Set(trace.traceEvents.map(({ name }) => name));
    for (const { name } of sent) expect(names).toContain(name);
    // The destination hears of the guest's resumption after it was ordered, and the source of it after that.
    const atOf = (told: typeof sent, name: string) =>
      told.find((each) => each.name === name)?.firstAtMs ?? NaN;
    expect(atOf(received, 'resume')).toBeGreaterThan(atOf(sent, 'resume'));
    expect(atOf(sent, 'resumed')).toBeGreaterThan(atOf(received, 'resumed'));
  });

  test('is the same to the byte each time, and another with another seed', async () => {
    const [first, again] = [await traced(scenario), await traced(scenario)];
    expect(JSON.stringify(again.trace)).toBe(JSON.stringify(first.trace));
    const other = await traced({ ...scenario, seed: 2 });
    expect(JSON.stringify(other.trace)).not.toBe(JSON.stringify(first.trace));
  });

  test('tells how many faults it leaves out', async () => {
    const { run, trace } = await traced({
      strategy: 'post-copy',
      // Faults are short there, so that there are many before the push has brought everything.
      link: 'lan-930m',
      guest: { ram: '32MiB', vcpus: 4 },
      workload: { name: 'hotspot', region: '24MiB', dirtyRate: 20_000, hotRegionFraction: 1 },
      limits: { maxPostcopyBandwidthMbps: 50 },
    });
    const { count } = run.measurement.faults;
    expect(count).toBeGreaterThan(faultsToldMax);
    expect(faultsIn(trace)).toHaveLength(faultsToldMax);
    expect(trace.otherData['leftOut']).toBe(`${count - faultsToldMax} faults`);
  });
});

test('a pre-copy run has no fault', async () => {
  const { trace, events } = await traced({ strategy: 'pre-copy' });
  expect(faultsIn(trace)).toEqual([]);
  expect(events.filter(({ type }) => type === 'faults')).toEqual([]);
  expect(toldIn(events, 'destination').map(({ name }) => name)).toContain('completed');
});

describe('the trace of a run that did not complete', () => {
  const ended = async (change: object): Promise<{ run: RunResult; trace: Trace }> => {
    const events: RunEvent[] = [];
    const scenario = await loadScenario(undefined, { ...document, workload: 'idle', ...change });
    const run = await runScenario(scenario, { events: { next: (event) => events.push(event) } });
    return { run, trace: traceOf(run, events) };
  };
  const named = ({ traceEvents }: Trace, name: string) => traceEvents.filter((event) => event.name === name);

  test('has what was told while it ran, and why it ended', async () => {
    const slow = { strategy: 'pre-copy', limits: { maxBandwidthMbps: 8 } };
    const { run, trace } = await ended({ ...slow, timeline: '1s cancel' });
    expect(run.state).toBe('failed');
    const [cancelled] = named(trace, 'cancel');
    expect(cancelled).toMatchObject({ ph: 'X', ts: 1_000_000 });
    const [active] = named(trace, 'active');
    expect(active!.ts! + active!.dur!).toBeGreaterThanOrEqual(cancelled!.ts!);
    const [why] = named(trace, 'CANCELLED');
    expect(why).toMatchObject({ ph: 'i', args: { message: run.error?.message } });
    expect(why!.ts).toBeGreaterThanOrEqual(active!.ts! + active!.dur!);
    expect(trace.otherData).toMatchObject({ state: 'failed', clock: '0 is the start of the migration' });
    // Nothing that only a measured run has.
    expect(named(trace, 'downtime')).toEqual([]);
  });

  test('begins with its first event where no migration was started', async () => {
    const { run } = await ended({ strategy: 'stop-and-copy' });
    const never = {
      ...{ ...run, state: 'failed', measurement: null, integrity: null },
      error: { code: 'TESTBED_FAILED', message: 'no testbed' },
      evidence: { source: null, destination: null, rounds: [], linkCuts: [], measurement: null },
    } as unknown as RunResult;
    const trace = traceOf(never, [{ type: 'phase', atMs: 5_000, phase: 'up' }]);
    expect(named(trace, 'up')).toMatchObject([{ ph: 'X', ts: 0 }]);
    expect(named(trace, 'TESTBED_FAILED')).toHaveLength(1);
    expect(trace.otherData['clock']).toMatch(/no migration was started/);
  });
});
