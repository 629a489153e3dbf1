import { describe, expect, test } from '@jest/globals';
import { checkHostLoad } from '#harness/measure/cross-checks';
import { hostLoadOf } from '#harness/measure/host-load';

const reading = (atMs: number, usedMs: number, agentMs: number, throttledMs: number) => ({
  ...{ atMs, usedMs, agentMs, throttledMs },
});

describe("the hosts' load", () => {
  test('is what the group had beside the agent over the warm-up, of the quota', () => {
    const busy = [reading(0, 100, 50, 0), reading(2_000, 1_000, 290, 10), reading(3_000, 1_700, 690, 40)];
    const idle = [reading(0, 10, 10, 0), reading(2_000, 30, 30, 0), reading(3_000, 230, 230, 5)];
    const measured = hostLoadOf({
      cpus: 0.5,
      load: { share: 0.66, at: ['source'], nice: 0 },
      readings: { source: busy, destination: idle },
    });
    expect(measured.source).toEqual({ share: 0.66, achieved: 0.66, throttledMs: 30, agentCores: 0.4 });
    expect(measured.destination).toEqual({ share: 0, achieved: 0, throttledMs: 5, agentCores: 0.2 });
  });

  test.each([
    [0.62, 'agree'],
    [0.7, 'agree'],
    [0.6, 'disagree'],
    [0.72, 'disagree'],
  ])('%d of the quota where .66 was wanted: %s', (achieved, verdict) => {
    const host = { share: 0.66, achieved, throttledMs: 0, agentCores: 0 };
    const none = { ...host, share: 0 };
    const checks = checkHostLoad({ source: host, destination: none });
    expect(checks.map((check) => check.verdict)).toEqual([verdict]);
  });

  test('hosts without a quota have no check', () => {
    expect(checkHostLoad(undefined)).toEqual([]);
  });
});
