import { describe, expect, test } from '@jest/globals';
import { measure } from '#harness/measure/measure';
import type { AgentEvent } from '#proto/events';
import { paperCollected } from '#test/support/synthetic-migration';

describe('the measurement', () => {
  test('takes its times from the guest and from the shared clock', () => {
    expect(measure(paperCollected())).toMatchObject({
      totalTimeMs: 2040,
      setupTimeMs: 50,
      downtimeMs: 40,
      downtimeStartMs: 2000,
    });
  });

  test('counts post-copy until the last page', () => {
    const collected = paperCollected();
    collected.destination.timeline.allPagesReceivedAtMs = 14_000;
    expect(measure(collected)).toMatchObject({ totalTimeMs: 4000, downtimeMs: 40 });
  });

  test('takes differences of counters that did not start at zero', () => {
    const { wire, cpu } = measure(paperCollected());
    expect(wire.destinationToSourceBytes).toBe(100_000);
    expect(cpu.source).toEqual({ agentS: 1.5, guestS: 0.5, machineBusyShare: 0.75 });
  });

  test('has rounds, and the guest’s rates by host, with times relative to the start', () => {
    const { rounds, guestProgress } = measure(paperCollected());
    expect(rounds).toHaveLength(1);
    expect(rounds[0]).toMatchObject({ round: 1, startMs: 50, durationMs: 1940, dirtyPagesPerSecond: 5 });
    expect(guestProgress).toEqual([
      { atMs: 400, host: 'source', operationsPerSecond: 5000, pagesDirtiedPerSecond: 500, stalledMs: 0 },
      { atMs: 2400, host: 'destination', operationsPerSecond: 600, pagesDirtiedPerSecond: 36, stalledMs: 12 },
    ]);
  });

  test('has the times when the link was cut, even if a cut outlasted the migration', () => {
    const collected = paperCollected();
    const events: AgentEvent[] = [
      ...collected.events,
      { type: 'cut', atMs: 9500, plannedMs: 700 },
      { type: 'cut-ended', atMs: 10_201, startedAtMs: 9500 },
      { type: 'cut', atMs: 11_000, plannedMs: 60_000 },
    ];
    expect(measure({ ...collected, events }).linkCuts).toEqual([
      { startMs: -500, durationMs: 701, plannedMs: 700 },
      { startMs: 1000, durationMs: null, plannedMs: 60_000 },
    ]);
    expect(measure(collected).linkCuts).toEqual([]);
  });

  test('has no percentiles without faults', () => {
    expect(measure(paperCollected()).faults).toMatchObject({
      count: 0,
      p50Us: null,
      p99Us: null,
      maxUs: null,
    });
    const collected = paperCollected();
    collected.destination.faults = {
      ...collected.destination.faults,
      count: 1,
      minUs: 5,
      p50Us: 5,
      p99Us: 5,
      maxUs: 5,
    };
    expect(measure(collected).faults).toMatchObject({ count: 1, p50Us: 5, p99Us: 5, maxUs: 5 });
  });

  test('reports what an agent uses besides the guest', () => {
    const { memory } = measure(paperCollected());
    expect(memory.source.aboveTouchedBytes).toBe(100e6 - 10_000 * 4096);
  });

  test.each([
    ['activeAtMs', 'source'],
    ['lastInstructionAtMs', 'source'],
    ['firstInstructionAtMs', 'destination'],
    ['allPagesReceivedAtMs', 'destination'],
  ] as const)('refuses a finished migration without %s', (moment, side) => {
    const collected = paperCollected();
    Object.assign(collected[side].timeline, { [moment]: null });
    expect(() => measure(collected)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });
});
