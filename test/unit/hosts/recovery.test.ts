import { describe, expect, test } from '@jest/globals';
import { BlockSpace } from '#hosts/block-space';
import { PageSet } from '#hosts/guest/page-set';
import type { Recoverable } from '#hosts/recovery';
import { ConnectionRecovery } from '#hosts/recovery';
import { realClock } from '#hosts/clock';
import { Waiters } from '#hosts/transfer/waiters';

const pageCount = 40;
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A recovery between stubs. Every batch is 8 pages and takes a turn; each action is noted with its connection.
 * @param lossesAt batches after which the connection is lost once more.
 */
const recoveryOf = (mode: 'complete' | 'postcopy', lossesAt: readonly number[]) => {
  const waiters = new Waiters();
  const said: string[] = [];
  const unsent = new PageSet(pageCount);
  const server = {
    connections: 1,
    isConnected: true,
    stands: () => {
      const { connections } = server;
      return () => connections === server.connections && server.isConnected;
    },
    complete: async () => {
      said.push(`allPagesSent on ${server.connections} with ${unsent.count} unsent`);
      await soon();
      return true;
    },
  };
  let batches = 0;
  const sender = {
    isHeld: false,
    confirmedBytes: 0,
    recovered: () => [],
    toBeSent: () => undefined,
    sendBatch: async () => {
      await waiters.until(() => !sender.isHeld);
      for (let taken = 0; taken < 8 && unsent.count > 0; taken++) unsent.delete(unsent.next(0));
      batches++;
      if (lossesAt.includes(batches)) lose();
      await soon();
      return 0;
    },
  };
  const faults = {
    unsent,
    lost: (missing: PageSet) => {
      unsent.addAll(missing);
      return missing.count;
    },
  };
  const orders = { discarded: new PageSet(pageCount), discardAgain: soon };
  const recovery: ConnectionRecovery = new ConnectionRecovery({
    clock: realClock,
    server,
    sender,
    orders,
    faults,
    waiters,
    control: { mayRunAtDestination: true, status: 'device' },
    recoverMs: 60_000,
    space: new BlockSpace([{ id: 0, name: 'ram', blockSizeBytes: 4096, blockCount: pageCount }]),
    capabilities: [],
    resumeAgain: async (sendMissing: (which: 'all') => Promise<boolean>, isCurrent: () => boolean) => {
      if (mode === 'complete' && !(await sendMissing('all'))) return;
      await soon();
      if (isCurrent()) said.push(`resume on ${server.connections} with ${unsent.count} unsent`);
    },
    statusAfter: () => 'postcopy-active',
  } as unknown as Recoverable);
  /** The connection is lost, and some turns later there is another one, whose destination has nothing. */
  const lose = (): void => {
    server.isConnected = false;
    recovery.lost();
    waiters.poke();
    void soon()
      .then(soon)
      .then(() => {
        server.connections++;
        server.isConnected = true;
        recovery.recovered({ received: new PageSet(pageCount), resumed: mode === 'postcopy' });
        waiters.poke();
      })
      .catch((error: unknown) => {
        waiters.fail(error);
      });
  };
  return { recovery, lose, said };
};

describe('a connection lost again while lost pages are resent', () => {
  test.each([[[]], [[2]], [[2, 4]], [[1, 2, 3, 6]]])(
    'in post-copy, after batches %p: allPagesSent comes only once it is true',
    async (lossesAt) => {
      const { recovery, lose, said } = recoveryOf('postcopy', lossesAt);
      lose();
      await recovery.complete();
      expect(said).toEqual([`allPagesSent on ${2 + lossesAt.length} with 0 unsent`]);
    },
  );

  test.each([[[]], [[2]], [[2, 4]], [[1, 2, 3, 6]]])(
    'before the guest runs, after batches %p: it is resumed once, over the last connection, with all of its pages',
    async (lossesAt) => {
      const { recovery, lose, said } = recoveryOf('complete', lossesAt);
      lose();
      await recovery.complete();
      const last = 2 + lossesAt.length;
      expect(said).toEqual([`resume on ${last} with 0 unsent`, `allPagesSent on ${last} with 0 unsent`]);
    },
  );
});
