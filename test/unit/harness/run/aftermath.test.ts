import { expect, test } from '@jest/globals';
import { loadProfile } from '#harness/profiles';
import { Found } from '#harness/run/context';
import type { LinkOfRun } from '#harness/run/context';
import { aftermathMsOf } from '#harness/run/migration';
import { scriptedScenario } from '#test/support/scripted-testbed';

const aftermathOf = (change: object, profile = loadProfile('coleraine-dublin-1g'), intervalMs = 1) => {
  const link = new Found<LinkOfRun>('its link');
  link.set({ pace: { intervalMs, settleMs: 1 }, calibration: { rttMs: 5.5 } } as LinkOfRun);
  return aftermathMsOf({ scenario: { ...scriptedScenario, ...change }, profile, link });
};

test('a guest runs on for 200 pings and their answers, and never for more than half a second', () => {
  expect(aftermathOf({})).toBe(205.5);
  expect(aftermathOf({}, undefined, 10)).toBe(500);
});

test.each([
  { strategy: 'broken-drops-page' },
  { strategy: './mine.ts' },
  { timeline: [{ at: 'start', do: 'cancel' }] },
  { load: { rate: 100, arrivals: 'poisson', timeoutMs: 1000 } },
  { traffic: [{ kind: 'ping', rateMbps: 10 }] },
  { guest: { ...scriptedScenario.guest, disk: { storage: 'block' } } },
  { hosts: { cpus: 1 } },
])('half a second where more is to be seen: %j', (change) => {
  expect(aftermathOf(change)).toBe(500);
});

test('half a second over a link with jitter or loss', () => {
  const plain = loadProfile('coleraine-dublin-1g');
  for (const change of [{ jitterMs: 1 }, { lossPercent: 1 }]) {
    const profile = { ...plain, sourceToDestination: { ...plain.sourceToDestination, ...change } };
    expect(aftermathOf({}, profile)).toBe(500);
  }
});
