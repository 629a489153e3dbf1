import { monotonicMs, timerMs } from '#proto/units';
import type { Clock } from './ports.ts';
import type { Waiters } from './transfer/waiters.ts';

/** Cancels what hasn't happened yet. */
export type Cancel = () => void;

/** Where both ends of a migration take their time from: real in an agent, virtual in a simulation. */
export interface MigrationClock {
  /** In ms, from an arbitrary origin. */
  nowMs(): number;
  /** Calls `act` once, after this delay. Whoever sets a timer cancels it, or waits for it. */
  timer(durationMs: number, act: () => void): Cancel;
  /** A timer that nobody awaits: for a look at the progress, or a ping. */
  background(durationMs: number, act: () => void): Cancel;
  /** Calls `act` once everything due at this moment has been handled. */
  soon(act: () => void): void;
  /**
   * Work done elsewhere, in a pool thread for example. Virtual time stands still meanwhile, then moves by `virtualMs`;
   * real time takes its course.
   */
  during<T>(work: Promise<T>, virtualMs: number): Promise<T>;
}

const realTimer = (durationMs: number, act: () => void): Cancel => {
  const untilMs = monotonicMs() + durationMs;
  // A timer counts from when its turn of the event loop began: after a long turn it fires too early.
  const ring = (): void => {
    const leftMs = untilMs - monotonicMs();
    if (leftMs > 0) timer = setTimeout(ring, timerMs(Math.ceil(leftMs)));
    else act();
  };
  let timer = setTimeout(ring, timerMs(durationMs));
  return () => {
    clearTimeout(timer);
  };
};

/** CLOCK_MONOTONIC. */
export const realClock: MigrationClock = {
  nowMs: monotonicMs,
  timer: realTimer,
  background: realTimer,
  soon: (act) => {
    setImmediate(act);
  },
  during: (work) => work,
};

/** Calls `act` repeatedly in the background, until cancelled. */
export const every = (clock: MigrationClock, intervalMs: number, act: () => void): Cancel => {
  let cancel: Cancel;
  const ring = (): void => {
    cancel = clock.background(intervalMs, ring);
    act();
  };
  cancel = clock.background(intervalMs, ring);
  return () => {
    cancel();
  };
};

/** Resolves after this time. A sleep ends early, with the failure, when the migration fails. */
export const sleep = async (clock: MigrationClock, waiters: Waiters, durationMs: number): Promise<void> => {
  let isOver = false;
  const cancel = clock.timer(durationMs, () => {
    isOver = true;
    waiters.poke();
  });
  try {
    await waiters.until(() => isOver);
  } finally {
    cancel();
  }
};

/** The clock that a strategy sees. */
export const strategyClock = (clock: MigrationClock, waiters: Waiters): Clock => ({
  nowMs: () => clock.nowMs(),
  sleep: (durationMs) => sleep(clock, waiters, durationMs),
});
