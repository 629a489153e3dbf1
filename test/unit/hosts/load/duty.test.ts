import { describe, expect, test } from '@jest/globals';
import { Duty } from '#hosts/load/duty';

/** Runs a burner for a second on a CPU of which it gets a part. @returns its CPU time in ms */
const burnt = (share: number, gets: (nowMs: number) => number): number => {
  const duty = new Duty(share, 0, 0);
  let [nowMs, cpuMs] = [0, 0];
  while (nowMs < 1_000) {
    while (nowMs < 1_000 && duty.isDue(nowMs, cpuMs)) {
      nowMs += 0.1;
      cpuMs += 0.1 * gets(nowMs);
    }
    nowMs += duty.restMs(nowMs) + 0.05;
  }
  return cpuMs;
};

describe('a burner', () => {
  test.each([0.05, 0.33, 0.66, 0.95])('has its share of a free CPU: %d', (share) => {
    expect(burnt(share, () => 1)).toBeGreaterThan(1_000 * share - 15);
    expect(burnt(share, () => 1)).toBeLessThan(1_000 * share + 15);
  });

  test('makes up for what others took, while there is room', () => {
    expect(burnt(0.4, () => 0.6)).toBeGreaterThan(380);
  });

  test('does not reach its share where there is none (negative control)', () => {
    expect(burnt(0.66, () => 0.5)).toBeLessThan(510);
  });

  test('after a long standstill, it makes up for 50 ms only', () => {
    expect(burnt(0.5, (nowMs) => (nowMs < 500 ? 0 : 1))).toBeLessThan(250 + 50 + 15);
  });
});
