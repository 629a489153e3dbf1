import type { MigrationSession, TransferStrategy } from '#hosts/ports';
import { LivemigError } from '#proto/errors';
import { placeNow } from '../strategy-place.ts';
import type { Call, CallName, Ear, ResumeMode } from './ear.ts';
import { noticing, strict } from './ear.ts';

/** Of a strategy without end. */
type Bound = 'calls' | 'idleCalls' | 'pages';

/**
 * So many calls, calls in which neither a page nor time moves, or pages, and a strategy has no end. Those of the catalogue
 * make less than 500 calls, and send 60 times a guest's pages.
 */
const boundsOf = (pageCount: number): Readonly<Record<Bound, number>> => ({
  calls: 100_000,
  idleCalls: 10_000,
  pages: 20_000 + 100 * pageCount,
});

/** What a strategy did, in few words. */
export interface CallLog {
  calls: number;
  lastCallAtMs: number;
  /** Whether a strategy that reaches a bound is ended. */
  readonly isBounded: boolean;
  /** The bound that it reached. */
  bound: Bound | null;
  /** How it ended by itself; null = it didn't. */
  end: { kind: 'returned'; underWay: readonly Call[] } | { kind: 'threw'; error: unknown } | null;
}

export const newCallLog = (isBounded: boolean): CallLog => ({
  ...{ isBounded, calls: 0, lastCallAtMs: 0, bound: null, end: null },
});

/** What happens at the nth call of any port, counted from 1; what it throws fails the call. */
export type AtCall = (nth: number) => void;

/** A session whose calls are counted and bounded, and heard if somebody listens. */
const watchedSession = (
  session: MigrationSession,
  log: CallLog,
  atCall: AtCall,
  ear: Ear | null,
  underWay: Set<Call>,
): MigrationSession => {
  const { guest, memory, pages, destination, faults, limits, clock } = session;
  const bounds = log.isBounded ? boundsOf(memory.pageCount) : null;
  let movedAt = 0;
  let movedMs = 0;
  let movedPages = 0;
  /** @throws LivemigError TIMEOUT at once, also to somebody who awaits nothing */
  const count = (): void => {
    const nowMs = clock.nowMs();
    log.calls++;
    log.lastCallAtMs = nowMs;
    if (bounds === null) return;
    if (nowMs >= movedMs + 1 || pages.sentPages !== movedPages)
      [movedAt, movedMs, movedPages] = [log.calls, nowMs, pages.sentPages];
    const counted = { calls: log.calls, idleCalls: log.calls - movedAt, pages: pages.sentPages };
    const reached = (Object.keys(bounds) as Bound[]).find((bound) => counted[bound] > bounds[bound]);
    if (reached === undefined) return;
    log.bound ??= reached;
    throw new LivemigError('TIMEOUT', `${counted[reached]} ${reached}, and the guest has not moved`);
  };
  const heard = <T>(name: CallName, mode: ResumeMode | null, made: Promise<T>, by: Ear): Promise<T> => {
    const call: Call = {
      ...{ name, mode, beganAtMs: clock.nowMs(), endedAtMs: null, failure: null },
      ...{ place: placeNow(), isAwaited: false, beside: underWay.values().next().value ?? null },
    };
    underWay.add(call);
    by.called(call);
    const ended = (failure: Call['failure']): void => {
      underWay.delete(call);
      call.endedAtMs = clock.nowMs();
      call.failure = failure;
    };
    const passedOn = made.then(
      (value) => {
        ended(null);
        return value;
      },
      (error: unknown) => {
        ended({ error });
        throw error;
      },
    );
    return noticing(passedOn, () => {
      call.isAwaited = true;
    });
  };
  const call = <T>(name: CallName, act: () => Promise<T>, mode: ResumeMode | null = null): Promise<T> => {
    count();
    const made = new Promise<T>((resolve) => {
      atCall(log.calls);
      resolve(act());
    });
    return ear === null ? made : heard(name, mode, made, ear);
  };
  const watched: MigrationSession = {
    ...session,
    guest: {
      deviceStateBytes: guest.deviceStateBytes,
      pause: () => call('guest.pause', () => guest.pause()),
    },
    memory: {
      ...memory,
      sync: () => {
        const found = memory.sync();
        ear?.synced(found);
        return found;
      },
    },
    pages: {
      sendBatch: (...batch) => call('pages.sendBatch', () => pages.sendBatch(...batch)),
      barrier: () => call('pages.barrier', () => pages.barrier()),
      fence: () => call('pages.fence', () => pages.fence()),
      get sentBytes() {
        return pages.sentBytes;
      },
      get confirmedBytes() {
        return pages.confirmedBytes;
      },
      get sentPages() {
        return pages.sentPages;
      },
    },
    destination: {
      prime: () => call('destination.prime', () => destination.prime()),
      discard: (discarded) =>
        call('destination.discard', () => {
          ear?.discarded(discarded);
          return destination.discard(discarded);
        }),
      sendDeviceState: () => call('destination.sendDeviceState', () => destination.sendDeviceState()),
      resume: (mode) =>
        call(
          'destination.resume',
          () => {
            ear?.ordered(mode);
            return destination.resume(mode);
          },
          mode,
        ),
      complete: () => call('destination.complete', () => destination.complete()),
    },
    faults: {
      serve: (unsent) => {
        faults.serve(unsent);
        ear?.served();
      },
      take: () => faults.take(),
      get blocksPush() {
        return faults.blocksPush;
      },
    },
    clock: {
      nowMs: () => clock.nowMs(),
      sleep: (...length) => call('clock.sleep', () => clock.sleep(...length)),
    },
    roundEnded: (pagesDirtied) => {
      ear?.roundEnded();
      session.roundEnded(pagesDirtied);
    },
  };
  if (ear === null) return watched;
  const port = <T extends object>(of: T, name: string, optional?: readonly string[]): T =>
    strict(of, `${name}.`, ear, optional);
  return strict(
    {
      ...watched,
      // What only negative controls have.
      guest: port(watched.guest, 'guest', ['pauseVcpus']),
      memory: port(watched.memory, 'memory'),
      pages: port(watched.pages, 'pages'),
      destination: port(watched.destination, 'destination'),
      faults: port(watched.faults, 'faults'),
      limits: port(limits, 'limits'),
      clock: port(watched.clock, 'clock'),
    },
    '',
    ear,
  );
};

/**
 * A strategy that is watched from outside: what it calls, and how it ends.
 * @param ear hears every detail; null = nobody explains anything.
 */
export const watched = (
  strategy: TransferStrategy,
  log: CallLog,
  atCall: AtCall = () => undefined,
  ear: Ear | null = null,
): TransferStrategy => ({
  name: strategy.name,
  migrate: async (session, signal) => {
    const underWay = new Set<Call>();
    try {
      await strategy.migrate(watchedSession(session, log, atCall, ear, underWay), signal);
      log.end = { kind: 'returned', underWay: [...underWay] };
    } catch (error) {
      log.end = { kind: 'threw', error };
      throw error;
    }
  },
});
