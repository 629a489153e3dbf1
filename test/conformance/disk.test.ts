import { describe, expect, test } from '@jest/globals';
import { strategyNames } from '#catalogue/strategies';
import type { DiskConfig } from '#proto/guest';
import { mebibyte } from '#proto/units';
import { loopbackGuest, migrateOverLoopback, withLoopbackLab } from '../support/loopback-migration.ts';
import type { LoopbackMigration, LoopbackReport } from '../support/loopback-migration.ts';

/** Real guests with a real file as their disk, over the loopback device. */

const disk: DiskConfig = {
  sizeBytes: 16 * mebibyte,
  allocatedBytes: 4 * mebibyte,
  blockSizeBytes: 65_536,
  storage: 'block',
  live: true,
  incremental: true,
};
const workload = {
  diskWriteRateSectorsPerSecond: 1000,
  diskReadRateSectorsPerSecond: 1000,
  diskRegionBytes: 6 * mebibyte,
};
const blocks = disk.sizeBytes / disk.blockSizeBytes;

/** Moved whole, and both sides count the same. */
const moved = async (migration: LoopbackMigration): Promise<LoopbackReport> => {
  const report = await migrateOverLoopback({ disk, workload, ...migration });
  const { source, destination, verified } = report;
  const { blockSizeBytes } = migration.disk ?? disk;
  expect([source.error, destination.error]).toEqual([null, null]);
  expect(verified).toEqual({
    ...{ pagesCompared: loopbackGuest.ramBytes / 4096, mismatches: 0, staleReads: 0, firstMismatches: [] },
    disk: { sectorsCompared: disk.sizeBytes / 4096, mismatches: 0, staleReads: 0, firstMismatches: [] },
  });
  const { ram, disk: sent, timeline } = source;
  expect(destination).toMatchObject({
    received: { pages: ram.normal + sent!.normal, zeroPages: ram.duplicate + sent!.duplicate },
    duplicateArrivals: 0,
  });
  expect(sent).toMatchObject({ total: disk.sizeBytes, blockBytes: sent!.normal * blockSizeBytes });
  expect(timeline.drainedAtMs).toBeGreaterThanOrEqual(timeline.lastInstructionAtMs!);
  return report;
};

describe('a guest with a disk', () => {
  test.each(strategyNames)('%s', async (strategy) => {
    const { disk: sent } = (await moved({ strategy })).source;
    expect(sent!.normal).toBeGreaterThanOrEqual(disk.allocatedBytes / disk.blockSizeBytes);
    // What was never written travels as a header.
    expect(sent!.duplicate).toBeGreaterThan(blocks / 4);
  });

  test.each(['pre-copy', 'post-copy'])('%s over several channels', async (strategy) => {
    await moved({ strategy, transfer: { channels: 4 } });
  });

  test.each(['pre-copy', 'post-copy', 'hybrid'])(
    '%s: writes are mirrored when they outrun the link',
    async (strategy) => {
      // 256 MiB/s of blocks made dirty, over 200 Mb/s.
      const { source } = await moved({
        strategy,
        limits: { maxBandwidthMbps: 200, downtimeLimitMs: 60 },
        workload: { ...workload, dirtyRatePagesPerSecond: 100, diskWriteRateSectorsPerSecond: 4000 },
        transfer: { channels: 2 },
      });
      expect(source.disk!.mirroredWrites).toBeGreaterThan(10);
    },
  );

  test('a migration that breaks off releases the writes that wait for the destination', async () => {
    await withLoopbackLab(
      { ...workload, dirtyRatePagesPerSecond: 100, diskWriteRateSectorsPerSecond: 4000 },
      async ({ migrate }) => {
        const narrow = { limits: { maxBandwidthMbps: 200, downtimeLimitMs: 1 } };
        const first = await migrate({ strategy: 'pre-copy', ...narrow }, (event, outgoing) => {
          if (event.type === 'round' && event.round === 4) outgoing.control.cancel();
        });
        expect(first.source.status).toBe('cancelled');
        expect(first.source.disk!.mirroredWrites).toBeGreaterThan(0);
        // Neither guest nor disk waits for anything any more: migrating again works at once.
        const again = await migrate({ strategy: 'hybrid' });
        expect(again.source.status).toBe('completed');
        expect(again.verified).toMatchObject({ mismatches: 0, disk: { mismatches: 0, staleReads: 0 } });
      },
      { disk },
    );
  });

  test('the whole image, with its zeros sent in full', async () => {
    const { disk: sent } = (await moved({ strategy: 'stop-and-copy', disk: { ...disk, incremental: false } }))
      .source;
    expect(sent).toMatchObject({ normal: blocks, duplicate: 0 });
  });

  test('blocks of one sector, and a guest that makes no requests', async () => {
    await moved({ strategy: 'hybrid', disk: { ...disk, blockSizeBytes: 4096 }, workload: {} });
  });
});
