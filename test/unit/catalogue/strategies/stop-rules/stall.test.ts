import { expect, test } from '@jest/globals';
import { stall } from '#catalogue/stop-rules/stall';

/** The second it stops at, if rounds of a second leave this many pages pending; the window is 4 s. */
const stopsAt = (pending: readonly number[]): number | null => {
  const rule = stall(4000);
  const at = pending.findIndex((pendingPages, second) =>
    rule.stops({ sentPages: 1, pendingPages, nowMs: second * 1000 }),
  );
  return at === -1 ? null : at;
};

test('is not stalled while the remainder shrinks by 4 % within a window', () => {
  expect(stopsAt([1000, 980, 960, 940, 920, 900, 880, 860, 840, 820, 800, 780])).toBeNull();
});

test('stalled, stops at the first round within 4 % of the best', () => {
  expect(stopsAt([1000, 500, 900, 900, 900, 900, 900, 519])).toBe(7);
  expect(stopsAt([1000, 500, 900, 900, 900, 900, 900, 521])).toBeNull();
});

test('out of patience, settles for the next best', () => {
  const rounds = [1000, 500, 600, 700, 700, 700, 700, 700, 620, 620, 620, 620, 620];
  // Stalled at 6 s; from 10 s on, 600 and 4 % are enough.
  expect(stopsAt(rounds)).toBe(10);
});

test('nothing pending is always the end', () => {
  expect(stopsAt([1000, 0])).toBe(1);
});
