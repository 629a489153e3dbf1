import { describe, expect, test } from '@jest/globals';
import { AttachedDisk, attachDisk } from '#hosts/guest/attached-disk';
import { AttachedLoad } from '#hosts/guest/attached-load';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import type { SharedDisk } from '#hosts/storage/shared-disk';
import { createPool } from '#catalogue/contents/parts/pool';
import { LivemigError } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';
import type { DiskConfig } from '#proto/guest';
import { versionBits } from '#proto/ledger';
import { mebibyte } from '#proto/units';

const config: DiskConfig = {
  sizeBytes: mebibyte,
  allocatedBytes: 65_536,
  blockSizeBytes: 4096,
  storage: 'shared',
  live: true,
  incremental: true,
};
const sectors = 16;

/** A disk in this process that answers after `latencyMs`, and what it has seen. */
const memoryDisk = (clock: VirtualClock, latencyMs: number, source: AttachedDisk) => {
  const stored = new Map<number, Buffer>();
  for (let sector = 0; sector < sectors; sector++) stored.set(sector, source.sectorOf(sector, 1));
  const underWay = new Map<number, number>();
  const seen = { most: 0, overlaps: 0, flushes: 0, writes: 0, epoch: 0, all: 0 };
  let fails: (sector: number, isWrite: boolean) => [ErrorCode, done: boolean] | null = () => null;
  const request = async <T>(sector: number, isWrite: boolean, act: () => T): Promise<T> => {
    if (underWay.has(sector)) seen.overlaps++;
    underWay.set(sector, 1);
    seen.most = Math.max(seen.most, underWay.size);
    seen.all++;
    await new Promise<void>((resolve) => clock.timer(latencyMs, resolve));
    underWay.delete(sector);
    const failure = fails(sector, isWrite);
    if (failure === null) return act();
    if (failure[1]) act();
    throw new LivemigError(failure[0], 'refused');
  };
  const line: SharedDisk = {
    acquire: async () => ++seen.epoch,
    adopt: (epoch) => {
      seen.epoch = epoch;
    },
    read: (sector) => request(sector, false, () => stored.get(sector)!),
    write: (sector, data) =>
      request(sector, true, () => {
        seen.writes++;
        stored.set(sector, Buffer.from(data));
      }),
    flush: async () => {
      expect(underWay.size).toBe(0);
      seen.flushes++;
    },
    release: async () => undefined,
    versions: async () => new Uint32Array(),
    close: () => undefined,
  };
  return {
    line,
    seen,
    stored,
    failWith: (how: typeof fails) => {
      fails = how;
    },
  };
};

const made = (latencyMs: number, writes: number, reads: number) => {
  const clock = new VirtualClock();
  const disk = new AttachedDisk(attachDisk(config, 5, createPool(5)));
  disk.knowFilled();
  const storage = memoryDisk(clock, latencyMs, disk);
  const guest = {
    seed: 3,
    workload: {
      ...{ name: 'idle', regionBytes: 0, dirtyRatePagesPerSecond: 0, content: 'random' },
      ...{ diskWriteRateSectorsPerSecond: writes, diskReadRateSectorsPerSecond: reads },
      diskRegionBytes: sectors * 4096,
    },
  };
  const bugs: unknown[] = [];
  const load = new AttachedLoad(disk, storage.line, guest, clock, (error) => bugs.push(error));
  const pass = (ms: number) => clock.run(new Promise<void>((resolve) => clock.timer(ms, resolve)), ms + 1);
  const pause = () => clock.run(load.pause(), 10_000);
  return { clock, disk, load, storage, bugs, pass, pause };
};

describe('the requests of a guest whose disk is on a storage host', () => {
  test('are made at their rate by the lease, up to 32 at a time, never two on one sector', async () => {
    const { disk, load, storage, pass, pause, bugs } = made(5, 3000, 1000);
    disk.epoch = 7;
    load.resume();
    await pass(500);
    await pause();
    const { most, overlaps, flushes, epoch, all, writes } = storage.seen;
    expect([overlaps, flushes, epoch, bugs]).toEqual([0, 1, 7, []]);
    // 16 sectors, so no more than 16 at the storage; the others wait for their sector.
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThanOrEqual(16);
    expect(writes / all).toBeGreaterThan(0.6);
    expect(writes / all).toBeLessThan(0.9);
    const { ioErrors, staleReads, running, drained } = disk.report;
    expect([ioErrors, staleReads]).toEqual([0, 0]);
    expect(running.count + drained.count).toBe(all);
    expect(drained.count).toBeGreaterThan(0);
    expect(running).toMatchObject({ p50Ms: expect.closeTo(5, 0), maxMs: 5 });
    // Every acknowledged write is in the ledger.
    for (let sector = 0; sector < sectors; sector++)
      expect(storage.stored.get(sector)).toEqual(disk.sectorOf(sector, disk.knownVersion(sector)));
  });

  test('do not go on after a pause, and go on after it', async () => {
    const { load, storage, pass, pause } = made(1, 500, 500);
    load.resume();
    await pass(100);
    await pause();
    const { all } = storage.seen;
    await pass(100);
    expect(storage.seen.all).toBe(all);
    load.resume();
    await pass(100);
    expect(storage.seen.all).toBeGreaterThan(all);
    await pause();
  });

  test('that are refused count as errors and write nothing', async () => {
    const { disk, load, storage, pass, pause, bugs } = made(1, 1000, 0);
    storage.failWith(() => ['LEASE_LOST', false]);
    load.resume();
    await pass(200);
    await pause();
    expect(bugs).toEqual([]);
    expect(disk.report).toMatchObject({ firstWriteAtMs: null, lastWriteAtMs: null });
    expect(disk.report.ioErrors).toBeGreaterThan(5);
    // It rests after each: as fast as they fail they would be hundreds.
    expect(disk.report.ioErrors).toBeLessThan(200);
    for (let sector = 0; sector < sectors; sector++) expect(disk.ledger[sector]).toBe(2);
  });

  test.each([true, false])('without an answer may have been done (%s): either is no loss', async (done) => {
    const { disk, load, storage, pass, pause } = made(1, 1000, 1000);
    storage.failWith((sector, isWrite) => (isWrite && sector < 8 ? ['CONNECTION_LOST', done] : null));
    load.resume();
    await pass(200);
    storage.failWith(() => null);
    await pass(50);
    await pause();
    expect(disk.report.ioErrors).toBeGreaterThan(0);
    expect(disk.staleReads).toBe(0);
    for (let sector = 0; sector < sectors; sector++) {
      const word = disk.ledger[sector]!;
      const known = disk.knownVersion(sector);
      const holds = [known, known + 1].filter((version) =>
        disk.sectorOf(sector, version).equals(storage.stored.get(sector)!),
      );
      expect(holds).toHaveLength(1);
      expect(versionBits.allows(word, holds[0]!)).toBe(true);
    }
  });

  test('of which a read finds an older version, or none, are stale', async () => {
    const { disk, load, storage, pass, pause } = made(1, 0, 1000);
    storage.stored.set(3, disk.sectorOf(3, 9));
    storage.stored.set(4, Buffer.alloc(4096, 7));
    load.resume();
    await pass(100);
    await pause();
    expect(disk.staleReads).toBeGreaterThan(1);
  });

  test('that meet what no disk does are a bug', async () => {
    const { load, storage, pass, pause, bugs } = made(1, 1000, 0);
    storage.failWith(() => ['PROTOCOL_VIOLATION', false]);
    load.resume();
    await pass(20);
    await pause();
    expect(bugs.length).toBeGreaterThan(0);
  });
});

test('words of a ledger', () => {
  const certain = 5 + 1;
  const either = versionBits.orNext(certain);
  expect([0, certain, either].map(versionBits.of)).toEqual([-1, 5, 5]);
  expect([4, 5, 6, 7].map((version) => versionBits.allows(certain, version))).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect([4, 5, 6, 7].map((version) => versionBits.allows(either, version))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([-1, 0, 1].map((version) => versionBits.allows(0, version))).toEqual([false, true, false]);
  expect(new Uint32Array([either])[0]).toBe(either);
});
