import { monotonicMs } from '../proto/units.ts';
import type { Clock } from './ports.ts';
import type { Waiters } from './transfer/waiters.ts';

/** Real time. A sleep ends early, with the failure, when the migration fails. */
export const realClock = (waiters: Waiters): Clock => ({
  nowMs: monotonicMs,
  sleep: async (durationMs) => {
    const untilMs = monotonicMs() + durationMs;
    // A timer counts from when its turn of the event loop began: after a long turn it rings too early.
    const ring = (): void => {
      const leftMs = untilMs - monotonicMs();
      if (leftMs > 0) timer = setTimeout(ring, Math.ceil(leftMs));
      else waiters.poke();
    };
    let timer = setTimeout(ring, durationMs);
    try {
      await waiters.until(() => monotonicMs() >= untilMs);
    } finally {
      clearTimeout(timer);
    }
  },
});
