import { setTimeout as sleep } from 'node:timers/promises';
import { LivemigError } from '../proto/errors.ts';

/** So that nothing is awaited without an end: every wait for a process, a socket, an engine or a peer goes through here. */

/** `90000` → `90 s`, `250` → `250 ms`. */
export const boundText = (ms: number): string => (ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`);

/**
 * Resolves with the work's outcome, or with `late` when it takes longer. What the work then comes to is nobody's
 * concern any more: its owner sees to it that it ends.
 */
export const orLate = async <T>(work: Promise<T>, timeoutMs: number): Promise<T | 'late'> => {
  // Whoever loses the race must not end the process as an unhandled rejection.
  work.catch(() => undefined);
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(timeoutMs, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const),
    ]);
  } finally {
    timer.abort();
  }
};

/**
 * The work's outcome.
 * @param what takes so long: `the engine`, `taking the testbed down`.
 * @throws LivemigError TIMEOUT when it takes longer.
 */
export const within = async <T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> => {
  const outcome = await orLate(work, timeoutMs);
  if (outcome === 'late')
    throw new LivemigError(
      'TIMEOUT',
      `${what} took longer than ${boundText(timeoutMs)}, which was its bound`,
    );
  return outcome;
};

/** Rejects with the signal's reason once it fires; for races. */
export const rejectedBy = (signal: AbortSignal): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const fire = (): void => {
    reject(signal.reason);
  };
  if (signal.aborted) fire();
  else signal.addEventListener('abort', fire, { once: true });
  return promise;
};
