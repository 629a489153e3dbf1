import { describe, expect, test } from '@jest/globals';
import { jitterDistributionNames } from '#catalogue/jitter-distributions';
import { bandMs, medianRttMsOf, quantileMs } from '#harness/testbed/round-trips';
import {
  confirmPlanOf,
  drainPlanOf,
  patientPlan,
  rttPlanOf,
  throughputPlanOf,
  warmUpPlanOf,
} from '#harness/testbed/probe-plan';
import { rttReasons } from '#harness/testbed/tolerance';
import { DelayLine, impairmentSettingsOf } from '#hosts/wan/delay-line';
import type { LinkDirection, LinkProfile } from '#proto/link';

const plain: LinkDirection = { rateMbps: 1_000, delayMs: 20, jitterMs: 0, lossPercent: 0, bufferMs: 40 };
const profileOf = (change: Partial<LinkDirection>): LinkProfile => ({
  name: 'x',
  description: 'x',
  sourceToDestination: { ...plain, ...change },
  destinationToSource: { ...plain, ...change },
});

const throughLine = (direction: LinkDirection, seed: number, atMs: readonly number[]): number[] => {
  const line = new DelayLine(1 << 12);
  line.configure({ ...impairmentSettingsOf(direction), delayMs: direction.delayMs, seed });
  return atMs.map((sentAtMs) => {
    line.admit(1, sentAtMs);
    const dueMs = line.nextDueMs;
    line.release(dueMs);
    return dueMs;
  });
};

/** What the router's own delay line makes of probes that stand so far apart, ascending. */
const roundTripsOver = (profile: LinkProfile, intervalMs: number, count: number, seed = 1): number[] => {
  const sentAtMs = Array.from({ length: count }, (_, probe) => 1_000 + probe * intervalMs);
  const there = throughLine(profile.sourceToDestination, 1_000_000 + seed, sentAtMs);
  const back = throughLine(profile.destinationToSource, 2_000_000 + seed, there);
  return back.map((atMs, probe) => atMs - sentAtMs[probe]!).sort((a, b) => a - b);
};
const quantileOver = (share: number, ...of: Parameters<typeof roundTripsOver>): number => {
  const rtts = roundTripsOver(...of);
  return rtts[Math.floor(share * (rtts.length - 1))]!;
};
const medianOver = (...of: Parameters<typeof roundTripsOver>): number => quantileOver(0.5, ...of);

describe('probes of the round trip', () => {
  test('without jitter and loss they are what they have always been', () => {
    expect(rttPlanOf(profileOf({}))).toMatchObject({ count: 40, intervalMs: 5 });
  });

  test('on a lossy link, enough extra ones are sent for the same number to come back', () => {
    expect(rttPlanOf(profileOf({ lossPercent: 20 })).count).toBe(Math.ceil(40 / 0.64));
  });

  test('each is awaited as long as the link may take', () => {
    expect(rttPlanOf(profileOf({ delayMs: 1_000 })).patienceMs).toBeGreaterThan(2_000);
    expect(warmUpPlanOf(profileOf({ delayMs: 600 })).patienceMs).toBeGreaterThan(1_200);
    expect(rttPlanOf(profileOf({ delayMs: 250, jitterMs: 250 })).patienceMs).toBeGreaterThan(500 + 5 * 353);
  });

  test('a known link is confirmed by as many in less time, unless they would wait for each other', () => {
    const plan = rttPlanOf(profileOf({}));
    expect(confirmPlanOf(profileOf({}))).toEqual({ ...plan, intervalMs: 2 });
    // A probe takes 4 ms on the wire.
    expect(confirmPlanOf(profileOf({ rateMbps: 0.1 })).intervalMs).toBe(5);
    expect(confirmPlanOf(profileOf({ rateMbps: 0.25 })).intervalMs).toBe(4);
    const spread = profileOf({ jitterMs: 5 });
    expect(confirmPlanOf(spread)).toEqual(rttPlanOf(spread));
  });

  test('with jitter they stand far enough apart not to wait for each other', () => {
    const profile = profileOf({ jitterMs: 5 });
    const { intervalMs } = rttPlanOf(profile);
    const many = 20_000;
    expect(medianOver(profile, intervalMs, many)).toBeCloseTo(40, 0);
    // Negative control: 5 ms apart, as they once stood, they measure the latest of several.
    expect(medianOver(profile, 5, many)).toBeGreaterThan(42);
  });

  test.each([
    [20, 5],
    [50, 10],
    [20, 20],
    [250, 250],
  ])('%d ± %d ms: a correct link is accepted, whatever the random delays', (delayMs, jitterMs) => {
    const profile = profileOf({ delayMs, jitterMs });
    const { count, intervalMs } = rttPlanOf(profile);
    const rtts = Array.from({ length: 200 }, (_, seed) => medianOver(profile, intervalMs, count, 2 * seed));
    const refused = rtts.filter((rttMs) => rttReasons(profile, rttMs, count).length > 0);
    // One in a thousand is what the tolerance is made for.
    expect(refused.length).toBeLessThanOrEqual(2);
  });

  test('a delay a fifth too long is mostly refused despite the jitter', () => {
    const profile = profileOf({ jitterMs: 5 });
    const { count, intervalMs } = rttPlanOf(profile);
    const wrong = profileOf({ jitterMs: 5, delayMs: 24 });
    const rtts = Array.from({ length: 100 }, (_, seed) => medianOver(wrong, intervalMs, count, 2 * seed));
    expect(rtts.filter((rttMs) => rttReasons(profile, rttMs, count).length > 0)).toHaveLength(100);
  });

  test('a jitter as large as the delay is cut off at zero, which the median shows', () => {
    const profile = profileOf({ delayMs: 10, jitterMs: 10 });
    expect(medianRttMsOf(profile)).toBeCloseTo(20.82, 1);
    expect(medianOver(profile, 1_000, 50_000)).toBeCloseTo(medianRttMsOf(profile), 0);
    // netem's table of 4096 deviates has none at its middle.
    expect(medianRttMsOf(profileOf({ jitterMs: 5 }))).toBeCloseTo(40, 1);
    const oneWay = { ...profileOf({}), sourceToDestination: { ...plain, jitterMs: 5 } };
    expect(medianRttMsOf(oneWay)).toBeCloseTo(40, 2);
  });

  test.each(jitterDistributionNames)('with %s jitter, every quantile is where it is expected', (name) => {
    const profile = profileOf({ delayMs: 30, jitterMs: 6, jitterDistribution: name });
    const { intervalMs } = rttPlanOf(profile);
    const probes = 20_000;
    for (const share of [0.1, 0.5, 0.9]) {
      const [least, most] = bandMs(profile, share, probes);
      const ms = quantileOver(share, profile, intervalMs, probes);
      // A probe in a thousand waits for the one before it, which the band knows nothing of.
      expect(ms).toBeGreaterThanOrEqual(least - 0.1);
      expect(ms).toBeLessThanOrEqual(most + 0.1);
      expect(Math.abs(ms - quantileMs(profile, share))).toBeLessThan(0.3);
    }
  });

  test('bands are as wide as chance wants them: one sound measurement in a thousand is outside', () => {
    const profile = profileOf({ delayMs: 30, jitterMs: 6, jitterDistribution: 'pareto' });
    for (const share of [0.1, 0.5, 0.9]) {
      const [least, most] = bandMs(profile, share, 100);
      const outside = Array.from({ length: 1_000 }, (_, seed) =>
        quantileOver(share, profile, 1_000, 100, seed),
      ).filter((ms) => ms < least || ms > most);
      expect(outside.length).toBeLessThanOrEqual(6);
    }
  });
});

describe('probes of the throughput', () => {
  const planOf = (change: Partial<LinkDirection>, leastMs = 500) => {
    const profile = profileOf(change);
    return throughputPlanOf(profile, profile.sourceToDestination, leastMs);
  };

  test('short links are measured as they have always been', () => {
    expect(planOf({ delayMs: 2.75, bufferMs: 5.5 })).toMatchObject({ rampMs: 320, measureMs: 500 });
    expect(planOf({ delayMs: 26.25, bufferMs: 52.5 })).toMatchObject({ rampMs: 2200, measureMs: 525 });
  });

  test('on a slow link whole segments are counted', () => {
    const { measureMs } = planOf({ rateMbps: 1, delayMs: 2.75, bufferMs: 200 });
    expect((measureMs * 1000) / 8 / 1514).toBeGreaterThanOrEqual(200);
  });

  test('a long link is given time in proportion to what slow start has to do', () => {
    const slow = planOf({ rateMbps: 10, delayMs: 300, bufferMs: 600 });
    const fast = planOf({ rateMbps: 1_000, delayMs: 300, bufferMs: 600 });
    expect(slow.rampMs).toBeLessThan(fast.rampMs);
    expect(fast.rampMs).toBeLessThanOrEqual(100 + 40 * 600);
  });

  test('the report is awaited longer than it can take, even for a try that lasts three times as long', () => {
    const profile = profileOf({ delayMs: 1_000 });
    const plan = throughputPlanOf(profile, profile.sourceToDestination, 500);
    for (const times of [1, 2, 3]) {
      const { rampMs, measureMs, patienceMs } = patientPlan(plan, profile, times);
      expect(rampMs).toBe(times * plan.rampMs);
      expect(patienceMs).toBeGreaterThan(rampMs + measureMs + 3 * 2_000);
    }
  });

  test('a deep buffer is left to drain; a shallow one costs no wait', () => {
    expect(drainPlanOf(profileOf({ bufferMs: 10_000 }))!.patienceMs).toBeGreaterThan(20_000);
    expect(drainPlanOf(profileOf({ bufferMs: 40 }))).toBeNull();
  });
});
