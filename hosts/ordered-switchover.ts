import { stopAndSendRest, switchToPostcopy } from '#catalogue/strategies/parts/switchover';
import { LivemigError } from '#proto/errors';
import type { SwitchoverOrder } from '#proto/strategy';
import type { PageSet } from './guest/page-set.ts';
import type { MigrationSession } from './ports.ts';

/**
 * A switchover that somebody orders while a strategy is at work. Strategies know nothing of it: from the order on, each
 * of their calls is refused, and what they were doing is done by the session instead.
 */

export interface Revocable {
  /** For the strategy. */
  session: MigrationSession;
  /** Resolves when no call of the strategy is under way any more. */
  idle: () => Promise<void>;
}

/**
 * The session until it is revoked.
 * @param isRevoked from then on its calls throw LivemigError ILLEGAL_PHASE
 */
export const revocable = (session: MigrationSession, isRevoked: () => boolean): Revocable => {
  const underWay = new Set<Promise<unknown>>();
  const isOver = (): LivemigError =>
    new LivemigError('ILLEGAL_PHASE', 'the switchover was ordered: the strategy has no part in it');
  const now =
    <A extends readonly unknown[], T>(act: (...given: A) => T) =>
    (...given: A): T => {
      if (isRevoked()) throw isOver();
      return act(...given);
    };
  /** The promise itself is passed on: a detour would change the order of events. */
  const awaited =
    <A extends readonly unknown[], T>(act: (...given: A) => Promise<T>) =>
    (...given: A): Promise<T> => {
      if (isRevoked()) return Promise.reject(isOver());
      const call = act(...given);
      underWay.add(call);
      const end = (): void => {
        underWay.delete(call);
      };
      call.then(end, end);
      return call;
    };
  const { guest, memory, pages, destination, faults, clock } = session;
  return {
    session: {
      ...session,
      guest: {
        deviceStateBytes: guest.deviceStateBytes,
        pause: awaited(() => guest.pause()),
        ...(guest.pauseVcpus === undefined
          ? {}
          : { pauseVcpus: awaited(() => guest.pauseVcpus?.() ?? Promise.resolve()) }),
      },
      memory: { ...memory, sync: now(() => memory.sync()) },
      pages: {
        sendBatch: awaited((set, from, skip) => pages.sendBatch(set, from, skip)),
        barrier: awaited(() => pages.barrier()),
        fence: awaited(() => pages.fence()),
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
        prime: awaited(() => destination.prime()),
        discard: awaited((set) => destination.discard(set)),
        sendDeviceState: awaited(() => destination.sendDeviceState()),
        resume: awaited((mode) => destination.resume(mode)),
        complete: awaited(() => destination.complete()),
      },
      faults: {
        serve: now((unsent) => {
          faults.serve(unsent);
        }),
        take: now(() => faults.take()),
        get blocksPush() {
          return faults.blocksPush;
        },
      },
      // What a strategy sleeps through keeps nobody waiting.
      clock: { nowMs: () => clock.nowMs(), sleep: now((ms, signal) => clock.sleep(ms, signal)) },
      roundEnded: now((dirtied) => {
        session.roundEnded(dirtied);
      }),
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
};

/**
 * Switches over from wherever a strategy has left the migration.
 * @param unsent the pages known to be unsent, at any time
 */
export const switchOver = async (
  session: MigrationSession,
  order: SwitchoverOrder,
  unsent: () => PageSet,
  signal: AbortSignal,
): Promise<void> => {
  const { memory, pages, destination } = session;
  const isCold = pages.sentPages === 0;
  // What follows must not be overtaken by older copies.
  await pages.fence();
  session.roundEnded(memory.sync().count);
  const missing = unsent();
  if (order === 'force') {
    await stopAndSendRest(session, missing, signal);
    return;
  }
  if (isCold) await destination.prime();
  // Of pages that never came, the destination discards nothing.
  const stale = memory.noPages();
  if (!isCold) stale.addAll(missing);
  await switchToPostcopy(session, missing, isCold ? null : stale, signal);
};
