import { describe, expect, test } from '@jest/globals';
import { LatencyHistogram, latencyHistogramBytes } from '#hosts/guest/latency-histogram';

const of = (latencies: readonly number[]) => {
  const histogram = new LatencyHistogram(new SharedArrayBuffer(latencyHistogramBytes));
  for (const latency of latencies) histogram.add(latency);
  return histogram.report;
};

describe('a histogram of latencies', () => {
  test('of none has no percentiles', () => {
    expect(of([])).toEqual({ count: 0, p50Ms: null, p99Ms: null, maxMs: null });
  });

  test.each([0, 0.001, 0.031, 0.064, 1, 17.3, 999.999, 130_000])('%d ms comes back', (latency) => {
    const { count, p50Ms, p99Ms, maxMs } = of([latency]);
    expect([count, p50Ms, p99Ms, maxMs]).toEqual([1, latency, latency, latency]);
  });

  test('percentiles are those of the samples, within 3 %', () => {
    const samples = Array.from({ length: 5000 }, (_, n) => 0.02 * 1.002 ** n);
    const { count, p50Ms, p99Ms, maxMs } = of(samples.toReversed());
    expect(count).toBe(5000);
    for (const [found, exact] of [
      [p50Ms!, samples[2499]!],
      [p99Ms!, samples[4949]!],
    ] as const) {
      expect(found / exact).toBeGreaterThan(0.995);
      expect(found / exact).toBeLessThan(1.035);
    }
    expect(maxMs! / samples.at(-1)!).toBeCloseTo(1, 4);
  });

  test('a longest of minutes counts as the last bucket', () => {
    expect(of([1e9]).maxMs).toBe((2 ** 27 - 1) / 1000);
  });
});
