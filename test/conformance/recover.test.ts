import { describe, expect, test } from '@jest/globals';
import type { MigrationStatus } from '#proto/strategy';
import { strategyNames } from '#catalogue/strategies';
import type { FragileProxy } from '../support/fragile-proxy.ts';
import { startFragileProxy } from '../support/fragile-proxy.ts';
import type { LoopbackMigration, LoopbackReport } from '../support/loopback-migration.ts';
import { withLoopbackLab } from '../support/loopback-migration.ts';

/** Connections are lost, in every phase of every strategy: nothing is lost with them, and nothing hangs. */

/** Slow enough that the loss falls within the phase. */
const limits = { maxBandwidthMbps: 200, maxPostcopyBandwidthMbps: 100, downtimeLimitMs: 50 };

/** A migration whose connections are disturbed, this long after a status. */
const disturbed = async (
  status: MigrationStatus,
  delaysMs: readonly number[],
  disturb: (proxy: FragileProxy) => void,
  migration: LoopbackMigration,
): Promise<LoopbackReport> => {
  const proxy = await startFragileProxy();
  let isTold = false;
  try {
    return await withLoopbackLab({}, (lab) =>
      lab.migrate({ limits, ...migration, via: proxy.towards }, (event) => {
        // After a recovery the status comes again.
        if (event.type !== 'status' || event.status !== status || isTold) return;
        isTold = true;
        for (const delayMs of delaysMs) setTimeout(disturb, delayMs, proxy);
      }),
    );
  } finally {
    proxy.close();
  }
};

/** All connections are dropped, again and again. */
const losingAt = (
  status: MigrationStatus,
  delaysMs: readonly number[],
  migration: LoopbackMigration,
): Promise<LoopbackReport> =>
  disturbed(
    status,
    delaysMs,
    (proxy) => {
      proxy.drop();
    },
    migration,
  );

const expectMoved = ({ source, destination, verified }: LoopbackReport): void => {
  expect([source.error, destination.error]).toEqual([null, null]);
  expect(source.guestRunningAtEnd).toBe(false);
  expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
};

/** It failed before the guest had moved. */
const expectStayed = ({ source, destination }: LoopbackReport): void => {
  expect(source).toMatchObject({ status: 'failed', guestRunningAtEnd: true });
  expect(destination.status).toBe('failed');
};

const postcopyStrategies: readonly string[] = ['post-copy', 'hybrid'];

describe('the connection is lost', () => {
  test.each(strategyNames)('before the switchover, %s: the guest runs on at the source', async (strategy) => {
    const report = await losingAt('active', [10], { strategy });
    // Post-copy and stop-and-copy are past it quickly.
    if (report.source.error === null) expectMoved(report);
    else expectStayed(report);
  });

  test.each(
    strategyNames.flatMap((strategy) => [0, 1, 2, 4, 8].map((delayMs) => [strategy, delayMs] as const)),
  )('around the switchover, %s, %i ms after the guest was stopped', async (strategy, delayMs) => {
    const report = await losingAt('device', [delayMs], { strategy });
    if (report.source.error === null) expectMoved(report);
    else expectStayed(report);
  });

  test.each(
    postcopyStrategies.flatMap((strategy) => [0, 30, 100].map((delayMs) => [strategy, delayMs] as const)),
  )('in post-copy, %s, after %i ms: it recovers', async (strategy, delayMs) => {
    const report = await losingAt('postcopy-active', [delayMs], { strategy });
    expectMoved(report);
    expect(report.source.recoveries.length).toBeGreaterThan(0);
    const statuses = report.events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
    expect(statuses).toEqual(
      expect.arrayContaining(['postcopy-paused', 'postcopy-recover', 'postcopy-active']),
    );
    for (const { recoveredAtMs, pausedAtMs } of report.source.recoveries)
      expect(recoveredAtMs ?? Infinity).toBeGreaterThan(pausedAtMs);
  });

  test.each(postcopyStrategies)('in post-copy, %s, again and again', async (strategy) => {
    const report = await losingAt('postcopy-active', [50, 400, 420, 900], { strategy });
    expectMoved(report);
  });

  test.each([
    ['several streams', { transfer: { channels: 3 } }],
    ['faults in the stream', { transfer: { faults: 'in-stream' } }],
    ['blocking faults', { transfer: { faults: 'blocking' } }],
    ['compression', { capabilities: { zstd: 1 } }],
    ['tls', { capabilities: { tls: true } }],
  ] as const)('in post-copy with %s', async (_, change) => {
    expectMoved(await losingAt('postcopy-active', [40], { strategy: 'hybrid', ...change }));
  });

  test('silently: the loss is noticed, and the migration recovers', async () => {
    const hold = (proxy: FragileProxy): void => {
      proxy.hold(17_000);
    };
    expectMoved(await disturbed('postcopy-active', [0], hold, { strategy: 'post-copy', limits }));
  });

  test('each time before a page arrives: the migration gives up', async () => {
    const proxy = await startFragileProxy();
    const changed = { limits, timeouts: { recoverMs: 1500 }, via: proxy.towards };
    try {
      const report = await withLoopbackLab({}, (lab) =>
        lab.migrate({ strategy: 'post-copy', ...changed }, (event) => {
          const isMade = event.type === 'status' && event.status === 'postcopy-recover';
          const isFirst = event.type === 'status' && event.status === 'postcopy-active';
          if (isMade || isFirst) proxy.drop();
        }),
      );
      expect(report.source).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' } });
      expect(report.source.recoveries.length).toBeGreaterThan(2);
      expect(report.destination.status).toBe('failed');
    } finally {
      proxy.close();
    }
  });
});
