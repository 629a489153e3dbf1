import { every, realClock } from '#hosts/clock';
import type { MigrationClock } from '#hosts/clock';
import { timestamp } from './timestamp.ts';

/**
 * The time of a testbed. Hosts on this machine share its clock with the harness; a testbed that simulates its hosts has one
 * of its own, by which a run, its waits and its bounds go.
 */
export interface Clock {
  /** In ms, on the clock by which the testbed's agents tell their moments (`atMs`). Never goes back. */
  nowMs(): number;
  /** @throws the signal's reason once it fires; the wait has ended then. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Acts once in so many ms until it is disposed. */
  every(ms: number, act: () => void): Disposable;
  /** The harness's own work, a module's import for one: virtual time stands still meanwhile. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Wall-clock time for documents and people: ISO 8601, UTC. */
  timestamp(): string;
}

/** The harness's view of the clock that the hosts go by. */
const clockOver = (clock: MigrationClock, timestampNow: () => string): Clock => ({
  nowMs: () => clock.nowMs(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const cancel = clock.timer(ms, () => {
      resolve(undefined);
    });
    const abort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  },
  every: (ms, act) => {
    const cancel = every(clock, ms, act);
    return { [Symbol.dispose]: cancel };
  },
  during: (work) => clock.during(work, 0),
  timestamp: timestampNow,
});

/** CLOCK_MONOTONIC, and the wall clock for what people read. */
export const machineClock: Clock = clockOver(realClock, timestamp);

/** The harness's view of a clock that has nothing to do with this machine's: documents count from 1970. */
export const simulatedClock = (clock: MigrationClock): Clock =>
  clockOver(clock, () => new Date(clock.nowMs()).toISOString());
