import { describe, expect, test } from '@jest/globals';
import { realClock } from '../../../hosts/clock.ts';
import { Waiters } from '../../../hosts/transfer/waiters.ts';
import { monotonicMs } from '../../../proto/units.ts';

const { signal } = new AbortController();

const stallMs = (ms: number): void => {
  const untilMs = monotonicMs() + ms;
  while (monotonicMs() < untilMs);
};

describe('the clock of a migration', () => {
  test.each([0, 0.3, 1, 7.9])(
    'sleeps at least %d ms, also after a long turn of the event loop',
    async (ms) => {
      const clock = realClock(new Waiters());
      await new Promise(setImmediate);
      stallMs(20);
      const startedAtMs = clock.nowMs();
      await clock.sleep(ms, signal);
      expect(clock.nowMs() - startedAtMs).toBeGreaterThanOrEqual(ms);
    },
  );

  test('wakes early when the migration fails', async () => {
    const waiters = new Waiters();
    const sleeping = realClock(waiters).sleep(60_000, signal);
    waiters.fail(new Error('lost'));
    await expect(sleeping).rejects.toThrow('lost');
  });
});
