import { describe, expect, test } from '@jest/globals';
import { strategyNames } from '#catalogue/strategies';
import type { DiskConfig } from '#proto/guest';
import { mebibyte } from '#proto/units';
import { startFragileProxy } from '../support/fragile-proxy.ts';
import { loopbackGuest, migrateOverLoopback, withLoopbackLab } from '../support/loopback-migration.ts';
import type { LoopbackMigration, LoopbackReport, Watch } from '../support/loopback-migration.ts';

/** Real guests whose disk stays on a storage host, all over the loopback device. */

const disk: DiskConfig = {
  sizeBytes: 16 * mebibyte,
  allocatedBytes: 4 * mebibyte,
  blockSizeBytes: 4096,
  storage: 'shared',
  live: true,
  incremental: true,
};
const workload = {
  diskWriteRateSectorsPerSecond: 1000,
  diskReadRateSectorsPerSecond: 1000,
  diskRegionBytes: 6 * mebibyte,
};
const sectorsCompared = disk.sizeBytes / 4096;
const holdersOf = ({ storage }: LoopbackReport) => storage!.leases.map(({ holder }) => holder);

const expectWhole = ({ verified, storage, sourceIo }: LoopbackReport): void => {
  expect(verified).toMatchObject({
    ...{ pagesCompared: loopbackGuest.ramBytes / 4096, mismatches: 0, staleReads: 0 },
    disk: { sectorsCompared, mismatches: 0, staleReads: 0, firstMismatches: [] },
    diskIo: { ioErrors: 0, staleReads: 0 },
  });
  expect(sourceIo).toMatchObject({ ioErrors: 0, staleReads: 0 });
  expect(storage).toMatchObject({ writersAtOnceMs: 0 });
};

const moved = async (migration: LoopbackMigration): Promise<LoopbackReport> => {
  const report = await migrateOverLoopback({ disk, workload, ...migration });
  expect([report.source.error, report.destination.error]).toEqual([null, null]);
  expectWhole(report);
  expect(holdersOf(report)).toEqual(['source', 'destination']);
  return report;
};

/** What happened is told by both sides; the guest at the source runs on with the lease, or never runs there again. */
const brokenOff = (watch: Watch, migration: LoopbackMigration) =>
  withLoopbackLab(
    workload,
    async ({ migrate }) => {
      const first = await migrate(migration, watch);
      return { first, again: await migrate({ strategy: 'hybrid' }) };
    },
    { disk },
  );

describe('a guest whose disk stays on a storage host', () => {
  test.each(strategyNames)('%s: drained, given back, taken, and whole', async (strategy) => {
    const { source, destination, sourceIo, verified, storage } = await moved({ strategy });
    // No region of the migration.
    expect(source.disk).toMatchObject({
      total: disk.sizeBytes,
      transferred: 0,
      normal: 0,
      dirtySyncCount: 0,
    });
    const { lastInstructionAtMs, drainedAtMs, releasedAtMs } = source.timeline;
    const { leaseAskedAtMs, leasedAtMs, firstInstructionAtMs } = destination.timeline;
    const moments = [
      lastInstructionAtMs,
      drainedAtMs,
      releasedAtMs,
      leaseAskedAtMs,
      leasedAtMs,
      firstInstructionAtMs,
    ];
    expect(moments).toEqual(moments.toSorted((a, b) => a! - b!));
    // It worked on both hosts, never on both at once.
    const { running, lastWriteAtMs } = sourceIo!;
    expect(running).toMatchObject({ maxMs: expect.any(Number), p99Ms: expect.any(Number) });
    expect(running.p50Ms!).toBeLessThanOrEqual(running.p99Ms!);
    expect(running.p99Ms!).toBeLessThanOrEqual(running.maxMs!);
    expect(lastWriteAtMs!).toBeLessThan(releasedAtMs!);
    const { firstWriteAtMs } = verified.diskIo!;
    if (firstWriteAtMs !== null) expect(firstWriteAtMs).toBeGreaterThan(leasedAtMs!);
    const [first] = storage!.leases;
    expect(first!.writes).toBeGreaterThan(10);
    expect(first!.reads).toBeGreaterThan(10);
    expect(first!.releasedAtMs).not.toBeNull();
  });

  test('a guest that makes no requests', async () => {
    const { sourceIo } = await moved({ strategy: 'pre-copy', workload: {} });
    expect(sourceIo).toMatchObject({ firstWriteAtMs: null, running: { count: 0, p50Ms: null } });
  });

  test('a migration that fails before the guest is stopped: the source keeps the lease', async () => {
    let cancelled = false;
    const { first, again } = await brokenOff(
      (event, outgoing) => {
        if (cancelled || event.type !== 'status' || event.status !== 'active') return;
        cancelled = true;
        setImmediate(() => {
          outgoing.control.cancel();
        });
      },
      { strategy: 'pre-copy', limits: { maxBandwidthMbps: 50 } },
    );
    expect(first.source).toMatchObject({ status: 'cancelled', guestRunningAtEnd: true });
    expect(holdersOf(first)).toEqual(['source']);
    expect(again.source.status).toBe('completed');
    expectWhole(again);
  });

  test('a migration that fails between lease and order to resume: the source takes it again, and runs on', async () => {
    const { first, again } = await brokenOff(
      (event, outgoing) => {
        if (event.type !== 'status' || event.status !== 'device') return;
        // Of 700 ms in which its pages are sent, the guest stands still.
        setTimeout(() => {
          if (outgoing.control.status === 'device') outgoing.control.cancel();
        }, 200);
      },
      { strategy: 'stop-and-copy', limits: { maxBandwidthMbps: 50 } },
    );
    expect(first.source).toMatchObject({ status: 'cancelled', guestRunningAtEnd: true });
    expect(first.source.timeline.releasedAtMs).toEqual(expect.any(Number));
    expect(holdersOf(first)).toEqual(['source', 'source']);
    expect(first.sourceIo).toMatchObject({ ioErrors: 0 });
    // It wrote on, by the new lease.
    expect(again.source.status).toBe('completed');
    expect(holdersOf(again)).toEqual(['source', 'source', 'destination']);
    expect(again.storage!.leases[1]!.writes).toBeGreaterThan(0);
    expectWhole(again);
  });

  test('a migration that fails after the order to resume: the lease stays at the destination', async () => {
    const proxy = await startFragileProxy();
    const timeouts = { recoverMs: 500 };
    const slow = { limits: { maxPostcopyBandwidthMbps: 20 }, timeouts };
    let status = '';
    try {
      const storage = await withLoopbackLab(
        workload,
        async ({ migrate, storage: host }) => {
          const migration = migrate(
            { strategy: 'post-copy', ...slow, via: proxy.towards },
            (event, outgoing) => {
              // Once the guest runs there, of 2 s in which its pages follow.
              if (event.type === 'status' && event.status === 'postcopy-active') setTimeout(proxy.close, 200);
              if (event.type === 'status' && event.status === 'failed') status = outgoing.control.status;
            },
          );
          // Its vCPUs wait for pages that never come, and can't be stopped.
          await expect(migration).rejects.toMatchObject({ code: 'TIMEOUT' });
          return host!.report('disk');
        },
        { disk },
      );
      expect(status).toBe('failed');
      expect(storage).toMatchObject({ writersAtOnceMs: 0 });
      expect(storage.leases).toMatchObject([
        { holder: 'source', lateWritesRefused: 0 },
        { holder: 'destination', releasedAtMs: null },
      ]);
    } finally {
      proxy.close();
    }
  });

  test.each([0, 3])(
    'the connection is lost in post-copy, after %i ms: one lease, and whole',
    async (delayMs) => {
      const proxy = await startFragileProxy();
      let dropped = false;
      try {
        const report = await withLoopbackLab(
          workload,
          ({ migrate }) =>
            migrate({ strategy: 'post-copy', via: proxy.towards }, (event) => {
              if (dropped || event.type !== 'status' || event.status !== 'device') return;
              dropped = true;
              setTimeout(proxy.drop, delayMs);
            }),
          { disk },
        );
        if (report.source.status === 'completed') {
          expectWhole(report);
          expect(holdersOf(report)).toEqual(['source', 'destination']);
        } else {
          // Lost before the order.
          expect(report.source.guestRunningAtEnd).toBe(true);
          expect(holdersOf(report).at(-1)).toBe('source');
        }
      } finally {
        proxy.close();
      }
    },
  );

  test('the storage is lost for a while: errors of the disk, and nothing else; no write is lost', async () => {
    const proxy = await startFragileProxy();
    try {
      const report = await withLoopbackLab(
        workload,
        async ({ migrate }) => {
          // Half a second of rounds, which end also where a busy machine makes them longer.
          const slow = { strategy: 'pre-copy', limits: { maxBandwidthMbps: 50, downtimeLimitMs: 1000 } };
          return migrate(slow, (event) => {
            if (event.type === 'status' && event.status === 'active') setTimeout(proxy.drop, 100);
          });
        },
        { disk, storageVia: proxy.towards },
      );
      expect([report.source.error, report.destination.error]).toEqual([null, null]);
      expect(report.sourceIo!.ioErrors).toBeGreaterThan(0);
      expect(report.verified.disk).toMatchObject({ mismatches: 0, staleReads: 0 });
      expect(report.sourceIo!.staleReads).toBe(0);
    } finally {
      proxy.close();
    }
  });

  test('a storage out of reach at the order to resume is waited for; then the guest runs, whole', async () => {
    const proxy = await startFragileProxy();
    let isHeld = false;
    try {
      const report = await withLoopbackLab(
        workload,
        ({ migrate }) =>
          // The guest stands still while its pages are sent, for 700 ms.
          migrate({ strategy: 'stop-and-copy', limits: { maxBandwidthMbps: 50 } }, (event) => {
            if (isHeld || event.type !== 'status' || event.status !== 'device') return;
            isHeld = true;
            setTimeout(() => {
              proxy.hold(2000);
            }, 200);
          }),
        { disk, storageVia: proxy.towards },
      );
      expect([report.source.error, report.destination.error]).toEqual([null, null]);
      expectWhole(report);
      const { leaseAskedAtMs, leasedAtMs, firstInstructionAtMs } = report.destination.timeline;
      expect(leasedAtMs!).toBeGreaterThan(leaseAskedAtMs!);
      expect(firstInstructionAtMs!).toBeGreaterThan(leasedAtMs!);
    } finally {
      proxy.close();
    }
  });

  describe('negative control: a source that goes on writing after the guest has left', () => {
    const late = (fencing: boolean) =>
      withLoopbackLab(
        { ...workload, diskRegionBytes: mebibyte, diskWriteRateSectorsPerSecond: 4000 },
        async ({ migrate }) => migrate({ strategy: 'broken-naive-export', runOnMs: 300 }),
        { disk, fencing },
      );

    test('is fenced: refused, and nothing is lost at the destination', async () => {
      const { source, verified, sourceIo, storage } = await late(true);
      expect(source.status).toBe('completed');
      expect(verified).toMatchObject({ disk: { sectorsCompared, mismatches: 0, staleReads: 0 } });
      expect(sourceIo!.ioErrors).toBeGreaterThan(0);
      expect(storage!.writersAtOnceMs).toBe(0);
      expect(storage!.leases[0]!.lateWritesRefused).toBeGreaterThan(0);
    });

    test('without fencing overwrites what the destination has written, which the comparison finds', async () => {
      const { source, verified, sourceIo, storage } = await late(false);
      expect(source.status).toBe('completed');
      const { mismatches, staleReads } = verified.disk!;
      expect(mismatches + staleReads + sourceIo!.staleReads).toBeGreaterThan(0);
      expect(sourceIo!.lastWriteAtMs!).toBeGreaterThan(verified.diskIo!.firstWriteAtMs!);
      expect(storage!.writersAtOnceMs).toBeGreaterThan(0);
    });
  });
});
