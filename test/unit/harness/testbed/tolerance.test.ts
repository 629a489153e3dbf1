import { describe, expect, test } from '@jest/globals';
import {
  calmProfileOf,
  goodputReasons,
  isTcpBound,
  nextCorrectionMs,
  packetReasons,
  rttBandMs,
  rttReasons,
  spreadReasons,
} from '#harness/testbed/tolerance';
import type { LinkDirection, LinkProfile } from '#proto/link';

const gigabit: LinkDirection = { rateMbps: 1_000, delayMs: 2.75, jitterMs: 0, lossPercent: 0, bufferMs: 5 };
const profileOf = (direction: LinkDirection): LinkProfile => ({
  name: 'x',
  description: 'x',
  sourceToDestination: direction,
  destinationToSource: direction,
});
const near = profileOf(gigabit);
const far = profileOf({ ...gigabit, delayMs: 26.25 });

test('RTT may differ by 2 % or 0.3 ms, whichever is larger', () => {
  expect(rttBandMs(near)).toEqual([5.2, 5.8]);
  expect(rttBandMs(far)[0]).toBeCloseTo(52.5 - 1.05);
  expect(rttBandMs(far)[1]).toBeCloseTo(52.5 + 1.05);
  expect(rttReasons(near, 5.79)).toEqual([]);
  expect(rttReasons(near, 5.81)).toHaveLength(1);
  expect(rttReasons(near, 5.19)).toHaveLength(1);
  expect(rttReasons(near, NaN)).toHaveLength(1);
});

test('goodput is the payload share of the rate within 3 %', () => {
  expect(goodputReasons('there', near, gigabit, 956)).toEqual([]);
  expect(goodputReasons('there', near, gigabit, 926)).toHaveLength(1);
  expect(goodputReasons('there', near, gigabit, 990)).toHaveLength(1);
  expect(goodputReasons('there', near, gigabit, NaN)).toHaveLength(1);
});

test('a fast link has a floor and the same ceiling, a lossy one only the ceiling', () => {
  const fast = { ...gigabit, rateMbps: 10_000 };
  expect(goodputReasons('there', profileOf(fast), fast, 5_000)).toEqual([]);
  expect(goodputReasons('there', profileOf(fast), fast, 4_700)).toHaveLength(1);
  expect(goodputReasons('there', profileOf(fast), fast, 9_900)).toHaveLength(1);
  const lossy = { ...gigabit, lossPercent: 1 };
  expect(goodputReasons('there', profileOf(lossy), lossy, 20)).toEqual([]);
  expect(goodputReasons('there', profileOf(lossy), lossy, 1_000)).toHaveLength(1);
});

test('a smaller MTU leaves less of the rate for payload, and packets must be of it', () => {
  const narrow = { ...gigabit, mtuBytes: 576 };
  // 524 of 590 bytes.
  expect(goodputReasons('there', profileOf(narrow), narrow, 888)).toEqual([]);
  expect(goodputReasons('there', profileOf(narrow), narrow, 956)).toHaveLength(1);
  expect(packetReasons(profileOf(narrow), 588)).toEqual([]);
  // Negative controls: Ethernet's own, and half of it.
  expect(packetReasons(profileOf(narrow), 1510)).toHaveLength(1);
  expect(packetReasons(profileOf(narrow), 300)).toHaveLength(1);
  expect(packetReasons(profileOf(narrow), NaN)).toHaveLength(1);
  expect(packetReasons(profileOf({ ...narrow, lossPercent: 20 }), 300)).toEqual([]);
});

test('the correction follows the excess, up to what a backend may cost', () => {
  expect(nextCorrectionMs(near, 0, 6)).toBeCloseTo(0.25);
  expect(nextCorrectionMs(near, 0.25, 5.55)).toBe(0.25);
  expect(nextCorrectionMs(near, 0.4, 5.3)).toBeCloseTo(0.3);
  expect(nextCorrectionMs(near, 0.1, 4.9)).toBe(0);
  // A link 3 ms too long is a wrong link: it must stay wrong and be refused.
  expect(nextCorrectionMs(near, 0, 8.5)).toBe(0);
});

describe('jitter', () => {
  const jittery = profileOf({ ...gigabit, delayMs: 20, jitterMs: 5 });

  test('adds only what chance does to the median of that many probes', () => {
    // 3.3 standard errors of a median: 3.3 · √(π/2) · 5√2 / √n, where n is large.
    for (const [probes, chanceMs] of [
      [400, 1.47],
      [2_500, 0.59],
    ] as const) {
      const [least, most] = rttBandMs(jittery, probes);
      expect(least).toBeCloseTo(40 - 0.8 - chanceMs, 0);
      expect(most).toBeCloseTo(40 + 0.8 + chanceMs, 0);
    }
    expect(rttBandMs(profileOf({ ...gigabit, delayMs: 20 }), 100)).toEqual([39.2, 40.8]);
    expect(rttReasons(jittery, 42, 214)).toEqual([]);
    expect(rttReasons(jittery, 43, 214)).toHaveLength(1);
    expect(rttReasons(jittery, NaN, 214)).toHaveLength(1);
  });

  const still = { medianMs: 40, p90Ms: 40.2 };
  const spread = (p10Ms: number, p90Ms: number) => ({ p10Ms, p90Ms, samples: 214 });

  test('must spread the round trips as its distribution does', () => {
    // 1.28 standard deviations of 7.07 ms.
    expect(spreadReasons(jittery, spread(31, 49), still)).toEqual([]);
    // Negative controls: no jitter at all, half of it, twice as much.
    expect(spreadReasons(jittery, spread(40, 40.2), still)).toHaveLength(2);
    expect(spreadReasons(jittery, spread(35.5, 44.5), still)).toHaveLength(2);
    expect(spreadReasons(jittery, spread(22, 58), still)).toHaveLength(2);
    expect(spreadReasons(jittery, spread(NaN, NaN), still)).toHaveLength(2);
    expect(spreadReasons(near, spread(1, 100), still)).toEqual([]);
  });

  test('has a lower median and a shorter way down with pareto', () => {
    const pareto = profileOf({ ...gigabit, delayMs: 20, jitterMs: 5, jitterDistribution: 'pareto' });
    // Below half of one direction's: (2^⅓ - 1.5) · 4/3 = -0.32 of 5 ms; of the sum of two it is a little less.
    expect(rttReasons(pareto, 37.5, 400)).toEqual([]);
    expect(rttReasons(jittery, 37.2, 400)).toHaveLength(1);
    expect(spreadReasons(pareto, spread(34.5, 46), still)).toEqual([]);
    expect(spreadReasons(pareto, spread(31, 49), still).join()).toMatch(
      /10th percentile of the RTT is 31\.00/,
    );
    expect(spreadReasons(jittery, spread(34.5, 46), still).join()).toMatch(/10th/);
  });

  test("what the machine's own doing makes late is allowed for, upwards only", () => {
    const busy = { medianMs: 40, p90Ms: 46 };
    expect(spreadReasons(jittery, spread(31, 58), still)).toHaveLength(1);
    expect(spreadReasons(jittery, spread(31, 58), busy)).toEqual([]);
    expect(spreadReasons(jittery, spread(24, 49), busy)).toHaveLength(1);
  });

  test('is switched off while the overhead is measured', () => {
    const lossy = { ...gigabit, delayMs: 20, lossPercent: 1 };
    const profile = { ...jittery, destinationToSource: lossy };
    expect(calmProfileOf(profile)).toMatchObject({
      sourceToDestination: { jitterMs: 0, delayMs: 20 },
      destinationToSource: { lossPercent: 0 },
    });
    expect(calmProfileOf(profileOf(lossy))).toBeNull();
  });
});

describe('TCP is the limit', () => {
  test.each<[string, Partial<LinkDirection>, boolean]>([
    ['not on an ordinary link', {}, false],
    ['with loss', { lossPercent: 0.1 }, true],
    ['with jitter', { jitterMs: 1 }, true],
    ['with duplicates', { duplicatePercent: 1 }, true],
    ['with reordering', { reorderPercent: 1 }, true],
    [
      'with bursts',
      { gemodel: { pPercent: 1, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 } },
      true,
    ],
    ['with less buffer than its window loses', { bufferMs: 2 }, true],
    ['with just as much', { bufferMs: 2.36 }, false],
    ['with two packets of buffer', { rateMbps: 1 }, true],
  ])('%s', (_, change, bound) => {
    const profile = profileOf({ ...gigabit, ...change });
    expect(isTcpBound(profile, profile.sourceToDestination)).toBe(bound);
  });

  test('when its acknowledgements have no room on the way back', () => {
    const slow = { ...gigabit, rateMbps: 5, bufferMs: 100 };
    const profile = { ...near, sourceToDestination: slow, destinationToSource: gigabit };
    expect(isTcpBound(profile, gigabit)).toBe(true);
    expect(isTcpBound(profile, slow)).toBe(false);
  });

  test('but no traffic at all is never accepted', () => {
    const profile = profileOf({ ...gigabit, lossPercent: 20 });
    expect(goodputReasons('there', profile, profile.sourceToDestination, 0.02)).toEqual([]);
    expect(goodputReasons('there', profile, profile.sourceToDestination, 0)).toHaveLength(1);
    expect(goodputReasons('there', profile, profile.sourceToDestination, NaN)).toHaveLength(1);
  });
});
