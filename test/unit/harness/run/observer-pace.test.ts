import { expect, test } from '@jest/globals';
import { observerPaceOf } from '#harness/run/observer-pace';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { maxPings } from '#proto/pings';

const profileOf = (change: Partial<LinkDirection>): LinkProfile => {
  const direction = { rateMbps: 1_000, delayMs: 5, jitterMs: 0, lossPercent: 0, bufferMs: 10, ...change };
  return { name: 'x', description: 'x', sourceToDestination: direction, destinationToSource: direction };
};
const minuteMs = 60_000;
const paceOf = (pingIntervalMs: number, change: Partial<LinkDirection>, mostMs = minuteMs) =>
  observerPaceOf({ pingIntervalMs }, profileOf(change), mostMs);

test('pings are sent at the scenario’s rate', () => {
  expect(paceOf(1, {}).intervalMs).toBe(1);
  expect(paceOf(7, {}).intervalMs).toBe(7);
});

test('but take at most a hundredth of a slow link, at 46 bytes each', () => {
  expect(paceOf(1, { rateMbps: 1 }).intervalMs).toBe(37);
  expect(paceOf(1, { rateMbps: 10 }).intervalMs).toBe(4);
  expect(paceOf(1, { rateMbps: 100 }).intervalMs).toBe(1);
});

test('and the observer has room for the longest possible run', () => {
  for (const hours of [0.4, 1, 5]) {
    const mostMs = hours * 60 * minuteMs;
    expect(mostMs / paceOf(1, {}, mostMs).intervalMs).toBeLessThanOrEqual(maxPings);
  }
});

test('the last answer may take as long as the link takes', () => {
  expect(paceOf(1, {}).settleMs).toBe(10 + 20 + 250);
  expect(paceOf(1, { delayMs: 600 }).settleMs).toBeGreaterThan(1_200);
  expect(paceOf(1, { delayMs: 100, jitterMs: 100 }).settleMs).toBeGreaterThan(200 + 800);
});
