import { LivemigError } from '#proto/errors';
import type { Clock } from './clock.ts';
import { machineClock } from './clock.ts';

/** So that nothing is awaited without an end: every wait for a process, a socket, an engine or a peer goes through here. */

/** `90000` → `90 s`, `250` → `250 ms`. */
export const boundText = (ms: number): string => (ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`);

/**
 * Resolves with the work's outcome, or with `late` when it takes longer. What the work then comes to is nobody's
 * concern any more: its owner sees to it that it ends.
 * @param clock that the time is told by: a run's is its testbed's.
 */
export const orLate = async <T>(
  work: Promise<T>,
  timeoutMs: number,
  clock: Clock = machineClock,
): Promise<T | 'late'> => {
  // Whoever loses the race must not end the process as an unhandled rejection.
  work.catch(() => undefined);
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      clock.sleep(timeoutMs, timer.signal).then(
        () => 'late' as const,
        () => 'late' as const,
      ),
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
export const within = async <T>(
  work: Promise<T>,
  timeoutMs: number,
  what: string,
  clock: Clock = machineClock,
): Promise<T> => {
  const outcome = await orLate(work, timeoutMs, clock);
  if (outcome === 'late')
    throw new LivemigError(
      'TIMEOUT',
      `${what} took longer than ${boundText(timeoutMs)}, which was its bound`,
    );
  return outcome;
};

/**
 * Settles like the work, or rejects at once when the signal fires. What is under way then goes its own way: its owner sees to
 * it that it ends.
 * @param errorOf what it then rejects with: the signal's reason, where nothing else is said.
 */
export const untilAborted = async <T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  errorOf: (signal: AbortSignal) => unknown = ({ reason }) => reason,
): Promise<T> => {
  // Whoever loses the race must not end the process as an unhandled rejection.
  work.catch(() => undefined);
  if (signal === undefined) return work;
  if (signal.aborted) throw errorOf(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(errorOf(signal));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
