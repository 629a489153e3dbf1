import { expect, test } from '@jest/globals';
import {
  goodputReasons,
  nextCorrectionMs,
  rttReasons,
  rttToleranceMs,
} from '../../../../harness/testbed/tolerance.ts';
import type { LinkDirection, LinkProfile } from '../../../../proto/link.ts';

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
  expect(goodputReasons('there', gigabit, 956)).toEqual([]);
  expect(goodputReasons('there', gigabit, 926)).toHaveLength(1);
  expect(goodputReasons('there', gigabit, 990)).toHaveLength(1);
  expect(goodputReasons('there', gigabit, NaN)).toHaveLength(1);
});

test('a fast link has a floor and the same ceiling, a lossy one the ceiling only', () => {
  const fast = { ...gigabit, rateMbps: 10_000 };
  expect(goodputReasons('there', fast, 5_000)).toEqual([]);
  expect(goodputReasons('there', fast, 4_700)).toHaveLength(1);
  expect(goodputReasons('there', fast, 9_900)).toHaveLength(1);
  const lossy = { ...gigabit, lossPercent: 1 };
  expect(goodputReasons('there', lossy, 20)).toEqual([]);
  expect(goodputReasons('there', lossy, 1_000)).toHaveLength(1);
});

test('the correction follows the excess, up to what a backend may cost', () => {
  expect(nextCorrectionMs(near, 0, 6)).toBeCloseTo(0.25);
  expect(nextCorrectionMs(near, 0.25, 5.55)).toBe(0.25);
  expect(nextCorrectionMs(near, 0.4, 5.3)).toBeCloseTo(0.3);
  expect(nextCorrectionMs(near, 0.1, 4.9)).toBe(0);
  // A link 3 ms too long is a wrong link: it must stay wrong and be refused.
  expect(nextCorrectionMs(near, 0, 8.5)).toBe(0);
});
