import { describe, expect, test } from '@jest/globals';
import type { DelaySettings } from '#hosts/wan/delay-line';
import { DelayLine, fates, impairmentSettingsOf } from '#hosts/wan/delay-line';
import type { LinkDirection } from '#proto/link';

const plain: LinkDirection = { rateMbps: 100, delayMs: 0, jitterMs: 0, lossPercent: 0, bufferMs: 20 };
const settingsOf = (change: Partial<LinkDirection>): DelaySettings => {
  const direction = { ...plain, ...change };
  return { ...impairmentSettingsOf(direction), delayMs: direction.delayMs, seed: 1 };
};
const lineWith = (change: Partial<LinkDirection>, capacity = 1024) => {
  const line = new DelayLine(capacity);
  line.configure(settingsOf(change));
  return line;
};

describe('DelayLine', () => {
  test('holds a packet for exactly the delay', () => {
    const line = lineWith({ delayMs: 5 });
    expect(line.admit(1, 100)).toBe(0);
    expect(line.nextDueMs).toBe(105);
    expect(line.release(104.999)).toBe(-1);
    expect(line.release(105)).toBe(1);
    expect(line.nextDueMs).toBe(Infinity);
  });

  test('releases everything due at once, by the last id', () => {
    const line = lineWith({ delayMs: 5 });
    for (const id of [1, 2, 3]) line.admit(id, id);
    expect(line.release(7)).toBe(2);
    expect(line.length).toBe(1);
  });

  test('keeps its order and due times monotone under jitter', () => {
    const line = lineWith({ delayMs: 5, jitterMs: 3 });
    const due: number[] = [];
    for (let id = 1; id <= 1000; id += 1) line.admit(id, id * 0.1);
    let expected = 1;
    while (line.length > 0) {
      const at = line.nextDueMs;
      due.push(at);
      const last = line.release(at);
      expect(last).toBeGreaterThanOrEqual(expected);
      expected = last + 1;
    }
    expect(due).toEqual(due.toSorted((a, b) => a - b));
    expect(expected).toBe(1001);
  });

  test('jitter is normal with the given standard deviation if packets are far apart', () => {
    const line = lineWith({ delayMs: 50, jitterMs: 2 });
    const delays: number[] = [];
    for (let id = 0; id < 4000; id += 1) {
      line.admit(id, id * 1000);
      delays.push(line.nextDueMs - id * 1000);
      line.release(Infinity);
    }
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    const deviation = Math.sqrt(delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / delays.length);
    expect(Math.abs(mean - 50)).toBeLessThan(0.15);
    expect(Math.abs(deviation - 2)).toBeLessThan(0.1);
  });

  test('a shorter delay takes effect behind the packets in flight', () => {
    const line = lineWith({ delayMs: 30 });
    line.admit(1, 0);
    line.configure(settingsOf({ delayMs: 5 }));
    line.admit(2, 1);
    line.admit(3, 40);
    expect(line.release(29)).toBe(-1);
    expect(line.release(30)).toBe(2);
    expect(line.nextDueMs).toBe(45);
  });

  test('loses the requested share of packets, and never delays a lost one', () => {
    const line = lineWith({ lossPercent: 10 }, 16_384);
    let lost = 0;
    for (let id = 0; id < 10_000; id += 1) if (line.admit(id, 0) === fates.lost) lost += 1;
    expect(line.length).toBe(10_000 - lost);
    expect(lost).toBeGreaterThan(880);
    expect(lost).toBeLessThan(1120);
  });

  test('what overtakes is not held, and holds nobody up', () => {
    const line = lineWith({ delayMs: 10, reorderPercent: 50 }, 16_384);
    const overtook = Array.from({ length: 10_000 }, (_, id) => line.admit(id, id) === fates.overtakes);
    const count = overtook.filter(Boolean).length;
    expect(line.length).toBe(10_000 - count);
    expect(count).toBeGreaterThan(4_800);
    expect(count).toBeLessThan(5_200);
    expect(line.nextDueMs).toBe(overtook.indexOf(false) + 10);
  });

  test('of a duplicated packet, the copy is due no earlier than what was there first', () => {
    const line = lineWith({ delayMs: 10, jitterMs: 5, duplicatePercent: 50 }, 16_384);
    let copies = 0;
    let lastMs = 0;
    for (let id = 0; id < 10_000; id += 1) {
      const fate = line.admit(id, id);
      if (fate === 0) continue;
      expect(fate).toBe(fates.duplicated);
      const dueMs = line.admitCopy(id);
      expect(dueMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = dueMs;
      copies += 1;
    }
    expect(line.length).toBe(10_000);
    expect(copies).toBeGreaterThan(4_800);
    expect(copies).toBeLessThan(5_200);
  });

  test("of two that come of a packet the loss takes one, and so leaves the other, as netem's does", () => {
    const line = lineWith({ lossPercent: 20, duplicatePercent: 50 }, 65_536);
    const fatesSeen = Array.from({ length: 40_000 }, (_, id) => line.admit(id, 0));
    const share = (fate: number): number => fatesSeen.filter((seen) => seen === fate).length / 40_000;
    expect(share(fates.lost)).toBeCloseTo(0.1, 1);
    expect(share(fates.duplicated)).toBeCloseTo(0.4, 1);
  });

  test('works beyond the end of the ring', () => {
    const line = lineWith({ delayMs: 1 }, 4);
    for (let id = 0; id < 100; id += 1) {
      line.admit(id, id);
      line.admit(id + 1000, id);
      expect(line.release(id + 1)).toBe(id + 1000);
    }
  });
});
