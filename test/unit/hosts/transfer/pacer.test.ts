import { beforeEach, describe, expect, test } from '@jest/globals';
import { Pacer } from '#hosts/transfer/pacer';

let nowMs: number;
/** How much longer than asked for a sleep takes. */
let oversleepMs: number;
let sleeps: number;
let pacer: Pacer;

beforeEach(() => {
  nowMs = 1000;
  oversleepMs = 0;
  sleeps = 0;
  pacer = new Pacer({
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      sleeps++;
      nowMs += durationMs + oversleepMs;
    },
  });
});

/** Sends messages for `durationMs`; `busyMs` is what each takes by itself. Returns the rate. */
const mbpsOver = async (durationMs: number, bytes: number, busyMs = 0): Promise<number> => {
  const startedAtMs = nowMs;
  let sent = 0;
  while (nowMs - startedAtMs < durationMs) {
    sent += bytes;
    nowMs += busyMs;
    pacer.sent(bytes);
    await pacer.untilDue();
  }
  return (sent * 8) / 1000 / (nowMs - startedAtMs);
};

describe('Pacer', () => {
  test.each([
    [10, 12_500],
    [300, 262_144],
    [4400, 1 << 20],
  ])('keeps %i Mb/s over a second', async (mbps, bytes) => {
    pacer.rateMbps = mbps;
    expect(await mbpsOver(1000, bytes)).toBeCloseTo(mbps, 6);
  });

  test('loses nothing to a timer that is always 2 ms late', async () => {
    oversleepMs = 2;
    pacer.rateMbps = 4400;
    expect(await mbpsOver(1000, 1 << 20)).toBeGreaterThan(4400 * 0.99);
  });

  test('makes up later for at most 20 ms of what a slower link left unused', async () => {
    pacer.rateMbps = 100;
    // 12,500 bytes take 1 ms at this rate, and 10 ms on the link.
    expect(await mbpsOver(1000, 12_500, 10)).toBeCloseTo(10, 6);
    expect(sleeps).toBe(0);
    expect(await mbpsOver(1000, 12_500)).toBeCloseTo(102, 0);
  });

  test('without a rate, nothing waits and nothing is owed afterwards', async () => {
    pacer.sent(1e9);
    pacer.sentUrgent(1e9);
    await pacer.untilDue();
    expect({ sleeps, isOn: pacer.isOn, messageBytes: pacer.messageBytes }).toEqual({
      sleeps: 0,
      isOn: false,
      messageBytes: Infinity,
    });
    pacer.rateMbps = 100;
    expect(pacer.dueInMs).toBe(0);
  });

  test('lets the rate change at any time: what is owed is then paid at the new one', () => {
    pacer.rateMbps = 8;
    pacer.sent(5000);
    expect(pacer.dueInMs).toBe(5);
    nowMs += 1;
    pacer.rateMbps = 80;
    expect(pacer.dueInMs).toBeCloseTo(0.4, 9);
    expect(pacer.rateMbps).toBe(80);
    pacer.rateMbps = 0;
    expect(pacer.dueInMs).toBe(0);
  });

  test('counts urgent bytes, which delay the push by at most 100 ms', () => {
    pacer.rateMbps = 8;
    pacer.sentUrgent(50_000);
    expect(pacer.dueInMs).toBe(50);
    pacer.sentUrgent(1e6);
    expect(pacer.dueInMs).toBe(100);
    // A debt of the push's own is not forgiven.
    pacer.sent(100_000);
    pacer.sentUrgent(1e6);
    expect(pacer.dueInMs).toBe(200);
  });

  test.each([
    [
      'an interrupt',
      () => {
        pacer.interrupt();
      },
    ],
    [
      'a new rate',
      () => {
        pacer.rateMbps = 1000;
      },
    ],
  ])('%s ends a wait', async (_, act) => {
    // prettier-ignore
    pacer = new Pacer({ nowMs: () => nowMs, sleep: () => new Promise(() => undefined) });
    pacer.rateMbps = 1;
    pacer.sent(1e6);
    let isOver = false;
    const waiting = pacer.untilDue().then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    act();
    await waiting;
  });

  test('an interrupted sleep interrupts the wait', async () => {
    pacer = new Pacer({ nowMs: () => nowMs, sleep: () => Promise.reject(new Error('lost')) });
    pacer.rateMbps = 1;
    pacer.sent(1e6);
    await expect(pacer.untilDue()).rejects.toThrow('lost');
  });
});
