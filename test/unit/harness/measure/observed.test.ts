import { describe, expect, test } from '@jest/globals';
import { observe, pingsToDestination } from '#harness/measure/observed';
import { pingHost } from '#proto/pings';
import {
  firstInstructionAtMs,
  lastInstructionAtMs,
  paperPings,
  paperRttMs,
  startedAtMs,
} from '#test/support/synthetic-migration';

const window = { startedAtMs, endedAtMs: firstInstructionAtMs };

describe('the observer’s view', () => {
  test('measures the silence from the source’s last answer to the destination’s first', () => {
    const observed = observe(paperPings(), window, 1);
    // The last ping that is answered here goes out 1 ms before the end and is back a quarter of a ms later.
    const silenceMs = firstInstructionAtMs + paperRttMs - (lastInstructionAtMs - 1 + 0.25);
    expect(observed).toMatchObject({
      gapMs: silenceMs,
      handoverGapMs: silenceMs,
      lostPings: 40,
      resolutionMs: 1,
      routeMovedMs: 1,
    });
  });

  test('separates latency before, during and after the migration', () => {
    const { before, during, after } = observe(paperPings(), window, null).latency;
    expect(before).toEqual({ count: 1000, lost: 0, p50Ms: 0.25, p99Ms: 0.25, maxMs: 0.25 });
    expect(during).toMatchObject({ count: 2040, lost: 40, maxMs: 0.25 });
    expect(after).toEqual({ count: 960, lost: 0, p50Ms: 5, p99Ms: 5, maxMs: 5 });
  });

  test('finds an outage during the migration that is longer than the handover, and keeps the two apart', () => {
    const pings = paperPings();
    for (const [ping, sentAtMs] of pings.sentAtMs.entries())
      if (sentAtMs >= 11_000 && sentAtMs < 11_500) {
        pings.host[ping] = pingHost.none;
        pings.receivedAtMs[ping] = NaN;
      }
    const observed = observe(pings, window, null);
    expect(observed.gapMs).toBe(501);
    expect(observed.lostPings).toBe(540);
    expect(observed.handoverGapMs).toBeCloseTo(45.75);
  });

  test('ignores silences that end before the migration or begin after it', () => {
    const pings = paperPings();
    for (const [ping, sentAtMs] of pings.sentAtMs.entries())
      if ((sentAtMs > 9000 && sentAtMs < 9900) || sentAtMs > 12_100) {
        pings.host[ping] = pingHost.none;
        pings.receivedAtMs[ping] = NaN;
      }
    expect(observe(pings, window, null).gapMs).toBeCloseTo(45.75);
  });

  test('has no handover if the destination never answered', () => {
    const pings = paperPings({ destinationFromMs: Infinity });
    expect(observe(pings, window, null)).toMatchObject({
      handoverGapMs: null,
      latency: { after: { p50Ms: null } },
    });
    expect(pingsToDestination(pings)).toBe(0);
  });

  test('has a negative handover if both hosts answered at the same time', () => {
    const pings = paperPings({ sourceUntilMs: 12_100 });
    for (const [ping, sentAtMs] of pings.sentAtMs.entries())
      if (sentAtMs >= 12_040 && ping % 2 === 0) pings.host[ping] = pingHost.destination;
    expect(observe(pings, window, null).handoverGapMs).toBeLessThan(0);
  });

  const withStall = (fromMs: number, untilMs: number) => {
    const pings = paperPings();
    pings.sentAtMs = pings.sentAtMs.map((atMs) => (atMs > fromMs && atMs < untilMs ? untilMs : atMs));
    return observe(pings, window, null).resolutionMs;
  };

  test('knows its own blindness where the gap began and where it ended', () => {
    expect(withStall(11_990, 12_010)).toBe(20);
    expect(withStall(12_030, 12_050)).toBe(20);
    // The source's last answer is read late, right after a stall in which it may have fallen silent.
    expect(withStall(11_970, 11_999)).toBe(29);
  });

  test('does not count what it missed in the middle of the gap: nobody would have answered', () => {
    expect(withStall(12_005, 12_035)).toBe(1);
    expect(withStall(11_900, 11_950)).toBe(1);
  });
});
