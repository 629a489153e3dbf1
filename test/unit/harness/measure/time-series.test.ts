import { describe, expect, test } from '@jest/globals';
import { linkSeriesOf, mostPoints, pingSeriesOf, progressSeriesOf } from '#harness/measure/time-series';
import type { LinkPoint, PingPoint } from '#harness/result';
import type { LinkSamples } from '#proto/link-samples';
import { pingHost } from '#proto/pings';
import {
  firstInstructionAtMs,
  lastInstructionAtMs,
  paperPings,
  startedAtMs,
} from '#test/support/synthetic-migration';

/** A sample every 50 ms whose interval before it carried `bytes(index)`. */
const samplesOf = (count: number, bytes: (index: number) => number): LinkSamples => {
  const atMs = Float64Array.from({ length: count }, (_, index) => 5000 + index * 50);
  let total = 1e6;
  const sourceToDestinationBytes = atMs.map((_, index) => (total += index === 0 ? 0 : bytes(index)));
  return { atMs, sourceToDestinationBytes, destinationToSourceBytes: atMs.map((_, index) => index * 100) };
};

/** Bytes under a series that began at `fromMs`. */
const integral = (series: readonly LinkPoint[], fromMs: number): number =>
  series.reduce(
    (total, { atMs, sourceToDestinationMbps }, index) =>
      total + (sourceToDestinationMbps * 1000 * (atMs - (series[index - 1]?.atMs ?? fromMs))) / 8,
    0,
  );

describe('the link over time', () => {
  test('has the throughput of each interval, stamped with its end', () => {
    const series = linkSeriesOf(
      samplesOf(3, (index) => index * 62_500),
      5000,
    );
    expect(series).toEqual([
      { atMs: 50, sourceToDestinationMbps: 10, destinationToSourceMbps: 0.016 },
      { atMs: 100, sourceToDestinationMbps: 20, destinationToSourceMbps: 0.016 },
    ]);
  });

  test.each([2, mostPoints, mostPoints + 1, mostPoints + 2, 12_345])(
    'keeps every byte of %d samples, however many are merged',
    (count) => {
      const samples = samplesOf(count, (index) => 1000 + ((index * 7919) % 5000));
      const series = linkSeriesOf(samples, 6000);
      expect(series.length).toBeLessThanOrEqual(mostPoints);
      expect(series.length).toBeGreaterThan(Math.min(count - 2, mostPoints / 2 - 1));
      const carried = samples.sourceToDestinationBytes.at(-1)! - samples.sourceToDestinationBytes[0]!;
      // Rates are rounded to kb/s: at most 3 bytes for each interval of 50 ms.
      expect(Math.abs(integral(series, -1000) - carried)).toBeLessThan(4 * count);
      expect(series.at(-1)?.atMs).toBe(samples.atMs.at(-1)! - 6000);
    },
  );

  test('shows a link that stood still, and one that was never sampled', () => {
    const silent = linkSeriesOf(
      samplesOf(20, (index) => (index === 10 ? 0 : 1e5)),
      5000,
    );
    expect(silent.filter(({ sourceToDestinationMbps }) => sourceToDestinationMbps === 0)).toHaveLength(1);
    expect(
      linkSeriesOf(
        samplesOf(1, () => 0),
        0,
      ),
    ).toEqual([]);
    expect(
      linkSeriesOf(
        samplesOf(0, () => 0),
        0,
      ),
    ).toEqual([]);
  });

  test('has no rate for two samples at the same moment', () => {
    const samples = samplesOf(3, () => 1000);
    samples.atMs[1] = samples.atMs[0]!;
    expect(linkSeriesOf(samples, 5000)).toHaveLength(1);
  });
});

describe('progress over time', () => {
  test.each([0, 1, 3, mostPoints, mostPoints + 1, 5000])('of %d events ends with the last one', (count) => {
    const events = Array.from({ length: count }, (_, index) => ({
      type: 'progress' as const,
      atMs: 100 * index,
      transferredBytes: index,
      remainingBytes: count - index,
      throughputMbps: 1,
    }));
    const series = progressSeriesOf(events, 50);
    expect(series.length).toBeLessThanOrEqual(mostPoints);
    expect(series.length).toBeGreaterThanOrEqual(Math.min(count, mostPoints / 2));
    if (count > 0)
      expect(series.at(-1)).toEqual({
        atMs: 100 * (count - 1) - 50,
        transferredBytes: count - 1,
        remainingBytes: 1,
      });
  });
});

describe('pings over time', () => {
  const window = { startedAtMs, endedAtMs: firstInstructionAtMs };
  const sum = (series: readonly PingPoint[], of: 'sent' | 'lost'): number =>
    series.reduce((total, point) => total + point[of], 0);

  test('are counted once each, from 1 s before the migration to the end of the pings', () => {
    const series = pingSeriesOf(paperPings(), window);
    expect(sum(series, 'sent')).toBe(4000);
    expect(sum(series, 'lost')).toBe(40);
    expect(series[0]).toMatchObject({ lost: 0, p50Ms: 0.25, maxMs: 0.25 });
    expect(series[0]!.atMs).toBeCloseTo(-950, 0);
    expect(series.at(-1)).toMatchObject({ atMs: 12_999 - startedAtMs, p50Ms: 5 });
  });

  test('were lost while the guest ran nowhere, and only then', () => {
    const widthMs = 51;
    for (const { atMs, lost } of pingSeriesOf(paperPings(), window)) {
      const endMs = atMs + startedAtMs;
      const isNearDowntime = endMs > lastInstructionAtMs && endMs - widthMs < firstInstructionAtMs;
      expect(lost > 0).toBe(isNearDowntime);
    }
  });

  test('have no latency when none was answered, and are not invented while the observer stood still', () => {
    const pings = paperPings();
    pings.host.fill(pingHost.none);
    pings.receivedAtMs.fill(NaN);
    for (const point of pingSeriesOf(pings, window))
      expect(point).toMatchObject({ lost: point.sent, p50Ms: null, maxMs: null });
    const kept = paperPings().sentAtMs.map((atMs) => (atMs > 11_000 ? atMs + 300 : atMs));
    const stalled = pingSeriesOf({ ...paperPings(), sentAtMs: kept }, window);
    expect(stalled.filter(({ sent }) => sent === 0).length).toBeGreaterThanOrEqual(4);
  });

  test('leave out what is more than 1 s away, and merge the intervals of a long run', () => {
    const count = 200_000;
    const samples = {
      sentAtMs: Float64Array.from({ length: count }, (_, ping) => ping),
      receivedAtMs: Float64Array.from({ length: count }, (_, ping) => ping + 1),
      host: new Uint8Array(count).fill(pingHost.source),
    };
    const series = pingSeriesOf(samples, { startedAtMs: 5000, endedAtMs: 190_000 });
    expect(series).toHaveLength(mostPoints);
    expect(sum(series, 'sent')).toBe(187_001);
    expect(series.at(-1)?.atMs).toBe(186_000);
  });

  test('are empty without an observer', () => {
    const nobody = { sentAtMs: new Float64Array(), receivedAtMs: new Float64Array(), host: new Uint8Array() };
    expect(pingSeriesOf(nobody, window)).toEqual([]);
  });
});
