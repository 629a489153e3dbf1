import { afterEach, describe, expect, test } from '@jest/globals';
import { connectSharedDisk } from '#hosts/storage/connect';
import { createStorage } from '#hosts/storage/storage';
import type { ArgumentOf, ControlHandlers } from '#proto/control';
import { codeOf } from '#proto/errors';
import { mebibyte } from '#proto/units';

/** Loopback has addresses enough for every host of a test to have the storage's own port. */
let hosts = 0;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const host = () => {
  const role = createStorage();
  closing.push(() => role.close());
  const address = `127.0.${process.pid % 250}.${++hosts}`;
  const { createDisk, dropDisk, storageReport } = role.handlers as Required<ControlHandlers>;
  const disk = (diskId: string): ArgumentOf<'createDisk'> => ({
    ...{ address, diskId, sizeBytes: mebibyte, allocatedBytes: mebibyte / 2, seed: 1 },
  });
  return {
    close: () => role.close(),
    create: (diskId: string) => createDisk(disk(diskId), undefined) as Promise<{ port: number }>,
    drop: (diskId: string) => dropDisk({ diskId }, undefined),
    report: (diskId: string) => storageReport({ diskId }, undefined),
    open: (diskId: string, port: number) => {
      const opened = connectSharedDisk({ target: `${address}:${port}`, diskId }, 'source');
      closing.push(async () => {
        opened.close();
      });
      return opened;
    },
  };
};

const codeFrom = (work: Promise<unknown>): Promise<string | null> => work.then(() => null, codeOf);

describe('the storage host', () => {
  test('serves disks at its address, from the first one on, and reports their leases', async () => {
    const storage = host();
    const { port } = await storage.create('vm0');
    expect(await storage.create('vm1')).toEqual({ port });
    const disk = storage.open('vm1', port);
    await disk.acquire();
    expect([...(await disk.versions(127, 2))]).toEqual([2, 1]);
    expect(await storage.report('vm1')).toMatchObject({ leases: [{ epoch: 1, holder: 'source' }] });
    expect(await storage.report('vm0')).toMatchObject({ leases: [], writersAtOnceMs: 0 });
    await storage.drop('vm1');
    expect(await codeFrom(disk.versions(0, 1))).toBe('PROTOCOL_VIOLATION');
    expect(await codeFrom(storage.drop('vm1'))).toBe('BAD_INPUT');
  });

  test('has no disk to drop or report of before the first one', async () => {
    const storage = host();
    expect(await codeFrom(storage.report('vm0'))).toBe('ILLEGAL_PHASE');
    expect(await codeFrom(storage.drop('vm0'))).toBe('ILLEGAL_PHASE');
  });

  test('makes one disk at a time', async () => {
    const storage = host();
    const both = [storage.create('vm0'), storage.create('vm1')];
    expect(await Promise.all(both.map(codeFrom))).toEqual([null, 'ILLEGAL_PHASE']);
  });

  test('that closes while a disk is being made keeps none, and takes no more orders', async () => {
    const storage = host();
    const making = codeFrom(storage.create('vm0'));
    await storage.close();
    expect(['CANCELLED', 'TESTBED_FAILED']).toContain(await making);
    expect(await codeFrom(storage.create('vm1'))).toBe('ILLEGAL_PHASE');
  });
});
