import { expect, test } from '@jest/globals';
import { smartStop, windowRounds } from '#catalogue/stop-rules/smart-stop';

/** The round it stops at, if rounds leave this many pages pending; null = none. The first sends 1000. */
const stopsAt = (pending: readonly number[]): number | null => {
  const rule = smartStop();
  const sent = [1000, ...pending];
  const at = pending.findIndex((pendingPages, round) =>
    rule.stops({ sentPages: sent[round]!, pendingPages, nowMs: 0 }),
  );
  return at === -1 ? null : at;
};

test('continues while rounds shrink, however long that takes', () => {
  expect(stopsAt([900, 800, 700, 600, 500, 400, 300, 200, 100, 50, 40, 30, 20])).toBeNull();
});

test('once as much is dirtied as was sent, watches a window, and stops at a round no larger than any in it', () => {
  expect(windowRounds).toBe(5);
  const steady = [500, 500, 520, 480, 510, 505];
  expect(stopsAt([...steady, 490, 481, 479])).toBe(8);
  expect(stopsAt([...steady, 480])).toBe(6);
});

test('old rounds leave the window', () => {
  expect(stopsAt([100, 100, 500, 500, 500, 500, 500, 400])).toBe(7);
});

test('nothing pending is always the end', () => {
  expect(stopsAt([900, 0])).toBe(1);
});
