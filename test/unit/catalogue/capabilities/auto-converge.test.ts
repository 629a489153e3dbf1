import { expect, test } from '@jest/globals';
import autoConverge from '#catalogue/capabilities/auto-converge';
import { GuestMemory } from '#hosts/guest/memory';
import { PageSet } from '#hosts/guest/page-set';
import { allocateGuest } from '#hosts/guest/shared';
import { sourceContext, syncOf } from '#test/support/source-context';

const pageCount = 1000;

/** A guest that dirties this share of what is sent, with a sync every so often; what it was throttled to, by time. */
const throttledBy = (dirtyShare: number, syncMs: number, durationMs: number): [number, number][] => {
  const throttles: [number, number][] = [];
  let nowMs = 0;
  const source = autoConverge.atSource!(
    {
      ...sourceContext(new GuestMemory(allocateGuest(pageCount, 1, 1), 1)),
      throttle: (percent) => throttles.push([nowMs, percent]),
    },
    true,
  );
  const sentPages = 500;
  const dirtied = new PageSet(pageCount);
  for (let page = 0; page < sentPages * dirtyShare; page++) dirtied.add(page);
  for (let sync = 0; nowMs <= durationMs; sync++, nowMs += syncMs)
    source.synced!(syncOf(dirtied, { nowMs, transferredBytes: sync * sentPages * 4096 }));
  source.entered!('downtime');
  return throttles;
};

test("throttles by QEMU's rule: 20 % at the second high check, 10 % more at every second one, up to 99 %", () => {
  const throttles = throttledBy(0.8, 500, 24_000);
  expect(throttles.slice(0, 3)).toEqual([
    [2000, 20],
    [4000, 30],
    [6000, 40],
  ]);
  expect(Math.max(...throttles.map(([, percent]) => percent))).toBe(99);
});

test('checks once a second at most, and counts what was dirtied in between', () => {
  expect(throttledBy(0.8, 100, 4100).slice(0, 2)).toEqual([
    [2000, 20],
    [4000, 30],
  ]);
  expect(throttledBy(0.8, 1500, 3100)[0]).toEqual([3000, 20]);
});

test('leaves alone a guest that dirties at most half of what is sent', () => {
  expect(throttledBy(0.5, 500, 10_000).filter(([, percent]) => percent > 0)).toEqual([]);
});

test('ends with the switchover', () => {
  expect(throttledBy(0.8, 500, 3000).at(-1)?.[1]).toBe(0);
});
