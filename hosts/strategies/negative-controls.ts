import type { NegativeControlName } from '../../proto/strategy.ts';
import type { MigrationSession, TransferStrategy } from '../ports.ts';
import { sendAll } from './switchover.ts';

/**
 * Deliberately broken strategies. The oracles must catch each of them on a real link: an oracle that can't fail
 * proves nothing. They are reachable by name, but listed nowhere.
 */

/** Sends every page but one that the guest has written. */
const dropsPage: TransferStrategy = {
  name: 'broken-drops-page',
  migrate: async (session, signal) => {
    await session.guest.pause();
    const pending = session.memory.sync();
    pending.delete(1);
    await sendAll(session, pending, signal);
    await finish(session);
  },
};

/** Ignores what was dirtied after the first round. */
const sendsStale: TransferStrategy = {
  name: 'broken-sends-stale',
  migrate: async (session, signal) => {
    await sendAll(session, session.memory.sync(), signal);
    await session.pages.barrier();
    // Long enough for any workload to dirty pages that have been sent.
    await session.clock.sleep(100, signal);
    await session.guest.pause();
    await finish(session);
  },
};

/** Resumes the guest at the destination while it still runs at the source. */
const resumesEarly: TransferStrategy = {
  name: 'broken-resumes-early',
  migrate: async (session, signal) => {
    await sendAll(session, session.memory.sync(), signal);
    // Nothing in flight may hold the order up until the source has stopped after all.
    await session.pages.barrier();
    await session.destination.sendDeviceState();
    await session.destination.resume('complete');
    await session.clock.sleep(200, signal);
    await session.guest.pause();
    await session.destination.complete();
  },
};

const finish = async (session: MigrationSession): Promise<void> => {
  await session.destination.sendDeviceState();
  await session.destination.resume('complete');
  await session.destination.complete();
};

export const negativeControls: Record<NegativeControlName, TransferStrategy> = {
  'broken-drops-page': dropsPage,
  'broken-sends-stale': sendsStale,
  'broken-resumes-early': resumesEarly,
};
