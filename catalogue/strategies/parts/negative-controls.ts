import type { MigrationSession, TransferStrategy } from '#hosts/ports';
import { sendAll } from './switchover.ts';

/**
 * Deliberately broken strategies. The oracles must catch each of them on a real link: an oracle that can't fail
 * proves nothing. They can be used by name, but are not listed.
 */

/** Sends every page except one that the guest has written. */
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
    // Nothing in flight may delay the order until the source has stopped.
    await session.pages.barrier();
    await session.destination.sendDeviceState();
    await session.destination.resume('complete');
    await session.clock.sleep(200, signal);
    await session.guest.pause();
    await session.destination.complete();
  },
};

/**
 * A naive export of a shared disk: the guest runs on at the destination while the source still writes to the disk, and
 * never gives its lease back.
 */
const naiveExport: TransferStrategy = {
  name: 'broken-naive-export',
  migrate: async (session, signal) => {
    await session.guest.pauseVcpus?.();
    await sendAll(session, session.memory.sync(), signal);
    await finish(session);
  },
};

const finish = async (session: MigrationSession): Promise<void> => {
  await session.destination.sendDeviceState();
  await session.destination.resume('complete');
  await session.destination.complete();
};

export const negativeControls: ReadonlyMap<string, TransferStrategy> = new Map(
  [dropsPage, sendsStale, resumesEarly, naiveExport].map((strategy) => [strategy.name, strategy]),
);
