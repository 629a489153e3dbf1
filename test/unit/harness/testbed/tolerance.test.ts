import { describe, expect, test } from '@jest/globals';
import {
  calmProfileOf,
  goodputReasons,
  isTcpBound,
  lossReasons,
  nextCorrectionMs,
  rttReasons,
  rttToleranceMs,
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
  expect(rttToleranceMs(near)).toBe(0.3);
  expect(rttToleranceMs(far)).toBeCloseTo(1.05);
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

  test('adds only the random error of the median of that many probes', () => {
    // 3.3 standard errors of a median: 3.3 · √(π/2) · 5√2 / √n.
    expect(rttToleranceMs(jittery, 100)).toBeCloseTo(0.8 + 2.925, 2);
    expect(rttToleranceMs(jittery, 400)).toBeCloseTo(0.8 + 1.462, 2);
    expect(rttToleranceMs(profileOf({ ...gigabit, delayMs: 20 }), 100)).toBeCloseTo(0.8);
    expect(rttReasons(jittery, 42, 214)).toEqual([]);
    expect(rttReasons(jittery, 43, 214)).toHaveLength(1);
    expect(rttReasons(jittery, NaN, 214)).toHaveLength(1);
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

describe('loss', () => {
  const lossy = profileOf({ ...gigabit, lossPercent: 20 });

  test('of probes must be what the profile says, within random error', () => {
    // 36 % of 63: 22.7 ± 16.2.
    expect(lossReasons(lossy, { samples: 40, lost: 23 })).toEqual([]);
    expect(lossReasons(lossy, { samples: 63, lost: 0 })).toHaveLength(1);
    expect(lossReasons(lossy, { samples: 20, lost: 43 })).toHaveLength(1);
    expect(lossReasons(near, { samples: 39, lost: 1 })).toEqual([]);
  });
});

describe('TCP is the limit', () => {
  test.each<[string, Partial<LinkDirection>, boolean]>([
    ['not on an ordinary link', {}, false],
    ['with loss', { lossPercent: 0.1 }, true],
    ['with jitter', { jitterMs: 1 }, true],
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
