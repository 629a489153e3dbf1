import { describe, expect, test } from '@jest/globals';
import type { LoadSamples, Outcome } from '#proto/service';
import { outcomes } from '#proto/service';
import { checkLoad, disagreementOf } from '#harness/measure/cross-checks';
import { serviceOf } from '#harness/measure/service';

/** A request each ms from 0 to 5 s. */
const samplesOf = (
  at: (ms: number) => { outcome?: Outcome; latencyMs?: number; lateMs?: number },
): LoadSamples => {
  const all = Array.from({ length: 5000 }, (_, ms) => at(ms));
  return {
    scheduledAtMs: Float64Array.from(all.keys()),
    lateMs: Float32Array.from(all, ({ lateMs = 0.125 }) => lateMs),
    latencyMs: Float32Array.from(all, ({ outcome = 'done', latencyMs = 0.5 }) =>
      outcome === 'timeout' ? NaN : latencyMs,
    ),
    outcome: Uint8Array.from(all, ({ outcome = 'done' }) => outcomes.indexOf(outcome)),
    bytes: new Uint32Array(5000).fill(4096),
  };
};

const moments = {
  startedAtMs: 1000,
  pausedAtMs: 2000,
  resumedAtMs: 2100,
  endedAtMs: 3000,
  hasPostcopy: true,
};
const measured = (samples: LoadSamples, when = moments) =>
  serviceOf({ rate: 1000, steadyFromMs: 200, samples }, when);

describe('a service by the phases of its migration', () => {
  const samples = samplesOf((ms) => {
    if (ms >= 2000 && ms < 2100) return { outcome: 'timeout' };
    if (ms >= 2100 && ms < 3000)
      return ms % 10 === 0 ? { outcome: 'refused', latencyMs: 0.1 } : { latencyMs: 50 };
    if (ms === 4500) return { outcome: 'stale', latencyMs: 1 };
    return {};
  });
  const { phases, during, series, lateP99Ms } = measured(samples);

  test('a request belongs to the phase in which it was due', () => {
    expect(phases.before).toMatchObject({ durationMs: 800, requests: 800, errors: 0, p95Ms: 0.5 });
    expect(phases.rounds).toMatchObject({
      durationMs: 1000,
      requests: 1000,
      errors: 0,
      repliesPerSecond: 1000,
    });
    expect(phases.downtime).toMatchObject({
      requests: 100,
      timeouts: 100,
      errors: 100,
      p50Ms: null,
      maxMs: null,
    });
    expect(phases.postcopy).toMatchObject({ requests: 900, refused: 90, errors: 90, p50Ms: 50, maxMs: 50 });
    expect(phases.after).toMatchObject({ stale: 1, errors: 1, timeouts: 0 });
    expect(during).toMatchObject({ durationMs: 2000, requests: 2000, errors: 190 });
    expect(lateP99Ms).toBe(0.125);
  });

  test('an answer counts when it arrives', () => {
    // Those of the last 50 ms arrive afterwards.
    expect(phases.postcopy?.repliesPerSecond).toBeCloseTo((765 * 1000) / 900, 0);
    expect(phases.postcopy?.kilobytesPerSecond).toBeCloseTo((765 * 4.096 * 1000) / 900, 0);
  });

  test('every 100 ms from the start of the migration on', () => {
    expect(series[0]).toMatchObject({ atMs: -700, requests: 100 });
    expect(series.find(({ atMs }) => atMs === 1100)).toMatchObject({ requests: 100, timeouts: 100 });
    expect(series.every(({ requestsPerSecond }) => requestsPerSecond === 1000)).toBe(true);
    expect(series.reduce((sum, { refused }) => sum + refused, 0)).toBe(90);
  });

  test('a migration without post-copy has no such phase, also where its end is noticed late', () => {
    const { phases: without } = measured(samples, { ...moments, endedAtMs: 2130, hasPostcopy: false });
    expect(without.postcopy).toBeNull();
    expect(without.after).toMatchObject({ refused: 90, stale: 1 });
  });
});

test('a generator that is late makes the run invalid', () => {
  const late = (share: number) => measured(samplesOf((ms) => ({ lateMs: ms % 100 < share ? 3 : 0.125 })));
  expect(checkLoad(late(1))).toMatchObject({ verdict: 'agree', measured: 0.125 });
  const check = checkLoad(late(2));
  expect(check).toMatchObject({ name: 'load', verdict: 'disagree', measured: 3 });
  expect(disagreementOf(check)).toContain('came to 3.0 ms, expected at most 1.0 ms');
});
