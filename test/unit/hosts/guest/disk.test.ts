import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Disk } from '#hosts/guest/disk';
import { DiskLoad } from '#hosts/guest/disk-load';
import { allocateDisk } from '#hosts/guest/disk-shared';
import { createDiskFile } from '#hosts/guest/disk-store';
import type { DiskStore } from '#hosts/guest/disk-store';
import { MemoryStore } from '#hosts/simulation/memory-store';
import { createPool } from '#catalogue/contents/parts/pool';
import type { DiskConfig } from '#proto/guest';
import { gibibyte, mebibyte } from '#proto/units';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'disk-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const config: DiskConfig = {
  sizeBytes: mebibyte,
  allocatedBytes: 65_536,
  blockSizeBytes: 16_384,
  storage: 'block',
  live: true,
  incremental: true,
};
const pool = createPool(1);

const stores: [string, (sizeBytes: number) => DiskStore][] = [
  ['a file', (sizeBytes) => createDiskFile({ sizeBytes, allocatedBytes: 0 }, directory)],
  ['memory of a model', () => new MemoryStore()],
];

describe.each(stores)('a disk in %s', (_, open) => {
  test('keeps writes anywhere in 128 GiB, and is zero elsewhere', () => {
    const sizeBytes = 128 * gibibyte;
    const store = open(sizeBytes);
    const bytes = Buffer.alloc(8192);
    for (const position of [0, 65_536 - 100, 4 * gibibyte - 50, sizeBytes - 200]) {
      const part = Buffer.from(`at ${position}`.padEnd(200, '.'));
      store.write(part, 0, 200, position);
      bytes.fill(7);
      store.read(bytes, 10, 200, position);
      expect(bytes.subarray(10, 210)).toEqual(part);
      expect(bytes[9]).toBe(7);
      expect(bytes[210]).toBe(7);
    }
    store.read(bytes, 0, 4096, gibibyte);
    expect(bytes.subarray(0, 4096).every((byte) => byte === 0)).toBe(true);
    store.close();
  });

  test('every sector reads back its version, is copied with its block, and belongs to this disk only', () => {
    const store = open(config.sizeBytes);
    const disk = new Disk(allocateDisk(config, 5, pool), store);
    disk.sectors.writeVersion(5, 3);
    disk.sectors.markDirty(5);
    expect([4, 5, 6, 200].map((sector) => disk.readVersion(sector))).toEqual([0, 3, 0, 0]);
    expect([...disk.drainDirty().runs()]).toEqual([{ first: 1, count: 1 }]);
    expect([0, 1, 2].map((block) => disk.isZero(block))).toEqual([true, false, true]);
    const block = Buffer.alloc(config.blockSizeBytes);
    disk.copyTo(1, block, 0);
    const other = new Disk(allocateDisk(config, 5, pool), open(config.sizeBytes));
    other.copyFrom(1, block, 0);
    expect([4, 5, 6].map((sector) => other.readVersion(sector))).toEqual([0, 3, 0]);
    // In another place, or for another guest, it isn't a version.
    other.copyFrom(2, block, 0);
    expect(other.readVersion(9)).toBe(-1);
    const stranger = new Disk(allocateDisk(config, 6, pool), open(config.sizeBytes));
    stranger.copyFrom(1, block, 0);
    expect(stranger.readVersion(5)).toBe(-1);
    other.clear(1);
    expect(other.readVersion(5)).toBe(0);
    expect(other.isZero(1)).toBe(true);
    store.close();
  });
});

describe('the file of a disk', () => {
  test('has no name, so a dead agent leaves nothing behind', () => {
    const file = createDiskFile(config, directory);
    expect(readdirSync(directory)).toEqual([]);
    file.close();
  });

  test('is refused if there is no room for what is allocated, with a remedy', () => {
    expect(() => createDiskFile({ sizeBytes: 2 ** 60, allocatedBytes: 2 ** 60 }, directory)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(/allocate less, or set TMPDIR/),
      }),
    );
  });

  test('is refused if the file system allows no file of that size', () => {
    expect(() => createDiskFile({ sizeBytes: 2 ** 52 * 1024, allocatedBytes: 0 }, directory)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test('that ends before it should is an error, not zeros', () => {
    const file = createDiskFile({ sizeBytes: 4096, allocatedBytes: 0 }, directory);
    expect(() => file.read(Buffer.alloc(8192), 0, 8192, 0)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
    file.close();
  });
});

describe("a workload's requests", () => {
  const guest = (writes: number, reads: number) => ({
    seed: 3,
    workload: {
      ...{ name: 'idle', regionBytes: 0, dirtyRatePagesPerSecond: 0, content: 'random' },
      ...{ diskWriteRateSectorsPerSecond: writes, diskReadRateSectorsPerSecond: reads },
      diskRegionBytes: 65_536,
    },
  });
  const newDisk = (): Disk => {
    const disk = new Disk(allocateDisk(config, 5, pool), new MemoryStore());
    disk.markAllPresent();
    return disk;
  };

  test('are reads and writes in their shares, all within the region', () => {
    const disk = newDisk();
    const load = new DiskLoad(disk, guest(300, 100));
    expect(load.stepsPerSecond).toBe(400);
    const written = Array.from({ length: 4000 }, () => load.step()).filter((sector) => sector !== null);
    expect(written.length).toBeGreaterThan(2800);
    expect(written.length).toBeLessThan(3200);
    expect(new Set(written)).toEqual(new Set(Array.from({ length: 16 }, (_, sector) => sector)));
    expect(disk.drainDirty().count).toBe(4);
    expect(disk.staleReads).toBe(0);
  });

  test('notice an older version, and a missing disk', () => {
    const disk = newDisk();
    const load = new DiskLoad(disk, guest(0, 100));
    for (let sector = 0; sector < 16; sector++) disk.sectors.writeVersion(sector, 2);
    disk.sectors.writeVersion(3, 1);
    disk.ledger[3] = 3;
    for (let step = 0; step < 200; step++) load.step();
    expect(disk.staleReads).toBeGreaterThan(0);
    const absent = new Disk(allocateDisk(config, 5, pool), new MemoryStore());
    new DiskLoad(absent, guest(0, 100)).step();
    expect(absent.staleReads).toBe(1);
  });
});
