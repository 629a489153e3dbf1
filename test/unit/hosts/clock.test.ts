import { describe, expect, jest, test } from '@jest/globals';
import { realClock, strategyClock } from '#hosts/clock';
import { Waiters } from '#hosts/transfer/waiters';
import { monotonicMs, timerMaxMs } from '#proto/units';

const { signal } = new AbortController();

const stallMs = (ms: number): void => {
  const untilMs = monotonicMs() + ms;
  while (monotonicMs() < untilMs);
};

describe('the clock of a migration', () => {
  test.each([0, 0.3, 1, 7.9])(
    'sleeps at least %d ms, also after a long turn of the event loop',
    async (ms) => {
      const clock = strategyClock(realClock, new Waiters());
      await new Promise(setImmediate);
      stallMs(20);
      const startedAtMs = clock.nowMs();
      await clock.sleep(ms, signal);
      expect(clock.nowMs() - startedAtMs).toBeGreaterThanOrEqual(ms);
    },
  );

  test('wakes early when the migration fails', async () => {
    const waiters = new Waiters();
    const sleeping = strategyClock(realClock, waiters).sleep(60_000, signal);
    waiters.fail(new Error('lost'));
    await expect(sleeping).rejects.toThrow('lost');
  });

  test('sleeps longer than a timer can count', async () => {
    const waiters = new Waiters();
    const timer = jest.spyOn(globalThis, 'setTimeout');
    const sleeping = strategyClock(realClock, waiters).sleep(timerMaxMs + 1, signal);
    const setMs = timer.mock.lastCall?.[1];
    timer.mockRestore();
    waiters.fail(new Error('lost'));
    expect(setMs).toBe(timerMaxMs);
    await expect(sleeping).rejects.toThrow('lost');
  });
});
