import { describe, expect, test } from '@jest/globals';
import { downtimeLimitOf } from '#harness/measure/downtime-limit';
import { downtimeLimitText } from '#harness/report/downtime-limit';
import type { Downtime } from '#harness/result';
import { defaultLimits } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';

const downtime: Downtime = {
  pauseMs: 9000,
  preSwitchoverMs: 0,
  finalPagesMs: 200,
  deviceStateMs: 700,
  propagationMs: 80,
  loadMs: 10,
  resumeMs: 10,
};
const measured = { downtimeMs: 1000, downtime, downtimeStartMs: 5000, parameterChanges: [] };
const set = (strategy = 'pre-copy', limits: Partial<Limits> = {}) => ({
  strategy,
  limits: { ...defaultLimits, ...limits },
});

describe('a downtime against its limit', () => {
  test('an exceeded one names the longest part; the time before the downtime is not a part', () => {
    expect(downtimeLimitOf(measured, set())).toEqual({
      limitMs: 300,
      decides: true,
      exceededMs: 700,
      longestPart: 'deviceStateMs',
    });
    const pages = { ...measured, downtime: { ...downtime, finalPagesMs: 701 } };
    expect(downtimeLimitOf(pages, set()).longestPart).toBe('finalPagesMs');
  });

  test.each([1000, 2000])('%i ms are within it, and nothing is named', (downtimeLimitMs) => {
    const downtimeLimit = downtimeLimitOf(measured, set('pre-copy', { downtimeLimitMs }));
    expect(downtimeLimit.exceededMs).toBe(0);
    expect(downtimeLimitText({ downtime, downtimeLimit })).toBe('kept');
  });

  test('the limit is the one in force at the pause', () => {
    const parameterChanges = [
      { atMs: 1000, changed: { downtimeLimitMs: 600 } },
      { atMs: 2000, changed: { maxBandwidthMbps: 10 } },
      { atMs: 5001, changed: { downtimeLimitMs: 4000 } },
    ];
    expect(downtimeLimitOf({ ...measured, parameterChanges }, set())).toMatchObject({
      limitMs: 600,
      exceededMs: 400,
    });
  });

  test.each([
    ['pre-copy', {}, true],
    ['pre-copy', { convergence: 'stall' }, true],
    ['pre-copy', { convergence: 'xen' }, false],
    ['hybrid', {}, false],
    ['stop-and-copy', {}, false],
    ['./mine.ts', {}, true],
  ] as const)('%s %j goes by it: %s', (strategy, limits, decides) => {
    expect(downtimeLimitOf(measured, set(strategy, limits)).decides).toBe(decides);
  });
});

describe('its text', () => {
  test.each([
    ['pre-copy', 300, 'exceeded by 700 ms, most of it device state (700 ms)'],
    ['pre-copy', 1000, 'kept'],
    ['post-copy', 300, 'exceeded by 700 ms, most of it device state (700 ms); this strategy ignores it'],
  ])('%s, %i ms', (strategy, downtimeLimitMs, text) => {
    const downtimeLimit = downtimeLimitOf(measured, set(strategy, { downtimeLimitMs }));
    expect(downtimeLimitText({ downtime, downtimeLimit })).toBe(text);
  });

  test.each(Object.keys(downtime).filter((part) => part !== 'pauseMs'))('%s has a name', (part) => {
    const longest = { ...measured, downtime: { ...downtime, [part]: 800 } };
    const downtimeLimit = downtimeLimitOf(longest, set());
    expect(downtimeLimit.longestPart).toBe(part);
    expect(downtimeLimitText({ downtime: longest.downtime, downtimeLimit })).toMatch(
      /most of it [a-z ]+ \(800 ms\)/,
    );
  });
});
