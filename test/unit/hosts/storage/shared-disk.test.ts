import { Client, credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { allocateDisk } from '#hosts/guest/disk-shared';
import { Disk } from '#hosts/guest/disk';
import { MemoryStore } from '#hosts/simulation/memory-store';
import { connectSharedDisk } from '#hosts/storage/connect';
import type { SharedDisk } from '#hosts/storage/shared-disk';
import { StorageServer } from '#hosts/storage/storage-server';
import { codeOf } from '#proto/errors';
import type { DiskConfig } from '#proto/guest';
import { sectorBytes } from '#proto/guest';
import {
  leasesMax,
  requestMaxSectors,
  storageErrorKey,
  storageMessageMaxBytes,
  storageService,
  versionsMaxSectors,
} from '#proto/storage';
import type { SharedDiskConfig } from '#proto/storage';
import { mebibyte } from '#proto/units';
import { createPool } from '#catalogue/contents/parts/pool';

const seed = 7;
const config: SharedDiskConfig = {
  diskId: 'vm0',
  sizeBytes: 64 * mebibyte,
  allocatedBytes: 64 * sectorBytes,
  seed,
};

/** What a guest's own disk of that seed holds. */
const guestDisk = (): Disk => {
  const its: DiskConfig = {
    sizeBytes: config.sizeBytes,
    allocatedBytes: 0,
    blockSizeBytes: sectorBytes,
    storage: 'block',
    live: true,
    incremental: true,
  };
  return new Disk(allocateDisk(its, seed, createPool(seed)), new MemoryStore());
};

const sectorOf = (sector: number, version: number): Buffer => {
  const disk = guestDisk();
  disk.sectors.writeVersion(sector, version);
  const bytes = Buffer.alloc(sectorBytes);
  disk.copyTo(sector, bytes, 0);
  return bytes;
};

const codeFrom = async (work: Promise<unknown>): Promise<string | null> => {
  try {
    await work;
    return null;
  } catch (error) {
    return codeOf(error);
  }
};

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** Its clock moves by 1 ms with every look. */
const host = async (...disks: Partial<SharedDiskConfig>[]) => {
  let nowMs = 0;
  const server = new StorageServer(() => ++nowMs);
  closing.push(() => {
    server.close();
  });
  const target = `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  for (const disk of disks) await server.createDisk({ ...config, ...disk });
  const open = (holder: string, diskId = 'vm0'): SharedDisk => {
    const disk = connectSharedDisk({ target, diskId }, holder);
    closing.push(() => {
      disk.close();
    });
    return disk;
  };
  return { server, target, open };
};

describe('a shared disk', () => {
  test('is filled as a disk of the guest is, reads back what is written, and knows versions', async () => {
    const { open } = await host({});
    const disk = open('source');
    expect(await disk.acquire()).toBe(1);
    expect(await disk.read(3, 1)).toEqual(sectorOf(3, 1));
    expect(await disk.read(64, 2)).toEqual(Buffer.alloc(2 * sectorBytes));
    await disk.write(63, Buffer.concat([sectorOf(63, 2), sectorOf(64, 5)]));
    await disk.flush();
    expect(await disk.read(62, 3)).toEqual(
      Buffer.concat([sectorOf(62, 1), sectorOf(63, 2), sectorOf(64, 5)]),
    );
    // Another sector's bytes are no version of this one.
    await disk.write(70, sectorOf(71, 1));
    expect([...(await disk.versions(61, 10))]).toEqual([2, 2, 3, 6, 1, 1, 1, 1, 1, 0]);
  });

  test('goes on in another thread that adopts the lease', async () => {
    const { open } = await host({});
    const epoch = await open('source').acquire();
    const thread = open('source');
    expect(await codeFrom(thread.flush())).toBe('PROTOCOL_VIOLATION');
    thread.adopt(epoch);
    await thread.write(0, sectorOf(0, 2));
    expect(await thread.read(0, 1)).toEqual(sectorOf(0, 2));
  });

  test('takes the largest request, and its last sector', async () => {
    const { open } = await host({});
    const disk = open('source');
    await disk.acquire();
    const last = config.sizeBytes / sectorBytes;
    const data = Buffer.alloc(requestMaxSectors * sectorBytes, 9);
    await disk.write(last - requestMaxSectors, data);
    expect((await disk.read(last - requestMaxSectors, requestMaxSectors)).equals(data)).toBe(true);
    expect(await disk.versions(0, versionsMaxSectors)).toHaveLength(versionsMaxSectors);
  });
});

describe('the lease', () => {
  test("refuses a late writer's writes and reads, and nothing of them is in the disk", async () => {
    const { server, open } = await host({});
    const [source, destination] = [open('source'), open('destination')];
    await source.acquire();
    await source.write(1, sectorOf(1, 2));
    expect(await destination.acquire()).toBe(2);
    await destination.write(1, sectorOf(1, 3));
    expect(await codeFrom(source.write(1, sectorOf(1, 4)))).toBe('LEASE_LOST');
    expect(await codeFrom(source.read(1, 1))).toBe('LEASE_LOST');
    expect(await codeFrom(source.flush())).toBe('LEASE_LOST');
    // It no longer is the source's to give back.
    await source.release();
    expect(await destination.read(1, 1)).toEqual(sectorOf(1, 3));
    const report = server.report('vm0');
    expect(report).toMatchObject({
      fencing: true,
      writersAtOnceMs: 0,
      leases: [
        { epoch: 1, holder: 'source', releasedAtMs: null, reads: 0, writes: 1, lateWritesRefused: 1 },
        { epoch: 2, holder: 'destination', reads: 1, writes: 1, lateWritesRefused: 0 },
      ],
    });
    expect(report.leases.map(({ readBytes, writtenBytes }) => [readBytes, writtenBytes])).toEqual([
      [0, sectorBytes],
      [sectorBytes, sectorBytes],
    ]);
  });

  test('that was given back is of no use until it is acquired again', async () => {
    const { server, open } = await host({});
    const source = open('source');
    await source.acquire();
    await source.release();
    expect(await codeFrom(source.write(1, sectorOf(1, 2)))).toBe('LEASE_LOST');
    expect(await source.acquire()).toBe(2);
    await source.write(1, sectorOf(1, 2));
    const [first, second] = server.report('vm0').leases;
    expect(first!.releasedAtMs).toBeGreaterThan(first!.grantedAtMs);
    expect(second!.releasedAtMs).toBeNull();
  });

  test('is without effect on a naive export, whose report tells', async () => {
    const { server, open } = await host({ fencing: false });
    const [source, destination] = [open('source'), open('destination')];
    await source.acquire();
    await source.write(1, sectorOf(1, 2));
    await source.release();
    await destination.acquire();
    // Two writers only once an older one has written since.
    expect(server.report('vm0').writersAtOnceMs).toBe(0);
    await destination.write(1, sectorOf(1, 3));
    await source.write(1, sectorOf(1, 4));
    expect(await destination.read(1, 1)).toEqual(sectorOf(1, 4));
    const { writersAtOnceMs, leases } = server.report('vm0');
    expect(writersAtOnceMs).toBe(leases[0]!.lastWriteAtMs! - leases[1]!.grantedAtMs);
    expect(writersAtOnceMs).toBeGreaterThan(0);
    expect(leases[0]!.lateWritesRefused).toBe(0);
  });

  test('counts spans of several late writers once', async () => {
    const { server, open } = await host({ fencing: false });
    const holders = [open('a'), open('b'), open('c')];
    for (const holder of holders) await holder.acquire();
    await holders[1]!.write(1, sectorOf(1, 2));
    await holders[0]!.write(1, sectorOf(1, 3));
    const { writersAtOnceMs, leases } = server.report('vm0');
    expect(writersAtOnceMs).toBe(leases[0]!.lastWriteAtMs! - leases[1]!.grantedAtMs);
  });

  test('can be acquired a bounded number of times', async () => {
    const { open } = await host({});
    const disk = open('source');
    for (let epoch = 1; epoch <= leasesMax; epoch++) await disk.acquire();
    expect(await codeFrom(disk.acquire())).toBe('PROTOCOL_VIOLATION');
  });
});

describe('two disks of one host', () => {
  test('have their own leases, bytes and reports; a dropped one is gone', async () => {
    const { server, open } = await host({}, { diskId: 'vm1', seed: 8 });
    const [first, second] = [open('source'), open('source', 'vm1')];
    await first.acquire();
    await first.acquire();
    expect(await second.acquire()).toBe(1);
    await first.write(0, sectorOf(0, 9));
    expect((await second.read(0, 1)).equals(sectorOf(0, 1))).toBe(false);
    expect([...(await second.versions(0, 1))]).toEqual([2]);
    expect(server.report('vm1').leases).toHaveLength(1);
    server.dropDisk('vm0');
    expect(await codeFrom(first.read(0, 1))).toBe('PROTOCOL_VIOLATION');
    expect([...(await second.versions(0, 1))]).toEqual([2]);
    expect(() => server.report('vm0')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });

  test('have different ids, and a bounded number of companions', async () => {
    const { server } = await host({});
    expect(await codeFrom(server.createDisk(config))).toBe('BAD_INPUT');
    const tiny = { ...config, sizeBytes: mebibyte, allocatedBytes: 0 };
    for (let disk = 1; disk < 16; disk++) await server.createDisk({ ...tiny, diskId: `vm${disk}` });
    expect(await codeFrom(server.createDisk({ ...tiny, diskId: 'one more' }))).toBe('BAD_INPUT');
    // Two of one id at a time, neither of which is there yet.
    server.dropDisk('vm1');
    const both = [
      server.createDisk({ ...tiny, diskId: 'vm1' }),
      server.createDisk({ ...tiny, diskId: 'vm1' }),
    ];
    expect(await Promise.all(both.map(codeFrom))).toEqual([null, 'BAD_INPUT']);
  });
});

describe('a storage host', () => {
  /** A request as bytes, whatever they are. */
  const send = (target: string, method: keyof typeof storageService, bytes: Buffer): Promise<ServiceError> =>
    new Promise((resolve, reject) => {
      const client = new Client(target, credentials.createInsecure());
      const same = (value: Buffer): Buffer => value;
      client.makeUnaryRequest(storageService[method].path, same, same, bytes, (error) => {
        client.close();
        if (error === null) reject(new Error('expected a refusal'));
        else resolve(error);
      });
    });
  const asked = (method: keyof typeof storageService, request: object): Buffer =>
    (storageService[method].requestSerialize as (value: object) => Buffer)(request);

  test.each<[string, keyof typeof storageService, Buffer]>([
    ['nonsense', 'write', Buffer.from('GET / HTTP/1.1')],
    ['nothing', 'acquire', Buffer.alloc(0)],
    ['no sectors', 'read', asked('read', { diskId: 'vm0', epoch: 1, firstSector: 0, count: 0 })],
    ['too many', 'read', asked('read', { diskId: 'vm0', epoch: 1, firstSector: 0, count: 257 })],
    ['sectors behind the end', 'read', asked('read', { diskId: 'vm0', epoch: 1, firstSector: 16_383, count: 2 })],
    ['sectors that no disk has', 'read', asked('read', { diskId: 'vm0', epoch: 1, firstSector: 2 ** 32 - 1, count: 1 })],
    ['versions behind the end', 'versions', asked('versions', { diskId: 'vm0', firstSector: 16_384, count: 1 })],
    ['too many versions', 'versions', asked('versions', { diskId: 'vm0', firstSector: 0, count: 4097 })],
    ['part of a sector', 'write', asked('write', { diskId: 'vm0', epoch: 1, firstSector: 0, data: Buffer.alloc(100) })],
    ['no data', 'write', asked('write', { diskId: 'vm0', epoch: 1, firstSector: 0, data: Buffer.alloc(0) })],
    ['a sector too much', 'write', asked('write', { diskId: 'vm0', epoch: 1, firstSector: 0, data: Buffer.alloc(257 * sectorBytes) })],
    ['an epoch to come', 'write', asked('write', { diskId: 'vm0', epoch: 2, firstSector: 0, data: Buffer.alloc(sectorBytes) })],
    ['an epoch to come, given back', 'release', asked('release', { diskId: 'vm0', epoch: 2 })],
    ['no epoch', 'flush', asked('flush', { diskId: 'vm0', epoch: 0 })],
    ['an unknown disk', 'acquire', asked('acquire', { diskId: 'vm9', holder: 'source' })],
    ['nobody', 'acquire', asked('acquire', { diskId: 'vm0', holder: '' })],
    ['an endless name', 'acquire', asked('acquire', { diskId: 'vm0', holder: 'x'.repeat(65) })],
  ])('refuses %s, by a code, and goes on', async (_, method, bytes) => {
    const { open, target } = await host({});
    const disk = open('source');
    await disk.acquire();
    const error = await send(target, method, bytes);
    expect([error.code, ...error.metadata.get(storageErrorKey)]).toEqual([
      status.INVALID_ARGUMENT,
      'PROTOCOL_VIOLATION',
    ]);
    expect([...(await disk.versions(0, 2))]).toEqual([2, 2]);
  }); // prettier-ignore

  test('refuses a message beyond any size it takes', async () => {
    const { open, target } = await host({});
    const { code } = await send(target, 'write', Buffer.alloc(storageMessageMaxBytes + 1));
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await open('source').acquire()).toBe(1);
  });

  test('that is gone is a lost connection, also for what is under way', async () => {
    const { server, open } = await host({});
    const disk = open('source');
    await disk.acquire();
    const underWay = codeFrom(disk.read(0, 256));
    server.close();
    expect(['CONNECTION_LOST', null]).toContain(await underWay);
    expect(await codeFrom(disk.read(0, 1))).toBe('CONNECTION_LOST');
    disk.close();
    expect(await codeFrom(disk.read(0, 1))).toBe('CONNECTION_LOST');
  });

  test('has no room for more than its file system has', async () => {
    const { server } = await host({});
    const huge = { ...config, diskId: 'huge', sizeBytes: 2 ** 37, allocatedBytes: 2 ** 50 };
    expect(await codeFrom(server.createDisk(huge))).toBe('UNSUPPORTED');
  });
});

describe('a hypervisor', () => {
  const { read, acquire, versions } = storageService;
  test.each([
    ['bytes that are no message', read, Buffer.from('GET / HTTP/1.1')],
    ['fewer sectors than asked for', read, read.responseSerialize({ data: Buffer.alloc(100) })],
    ['no epoch', acquire, acquire.responseSerialize({ epoch: 0 })],
    ['more versions than asked for', versions, versions.responseSerialize({ versions: Buffer.alloc(400) })],
  ])('does not believe a storage that answers %s', async (_, { path }, bytes) => {
    const { Server, ServerCredentials } = await import('@grpc/grpc-js');
    const server = new Server();
    const same = (value: Buffer): Buffer => value;
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    server.addService(
      { method },
      { method: (_call: unknown, reply: (error: null, value: Buffer) => void) => { reply(null, bytes); } },
    ); // prettier-ignore
    closing.push(() => {
      server.forceShutdown();
    });
    const port = await new Promise<number>((resolve) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => {
        resolve(bound);
      });
    });
    const disk = connectSharedDisk({ target: `127.0.0.1:${port}`, diskId: 'vm0' }, 'source');
    closing.push(() => {
      disk.close();
    });
    disk.adopt(1);
    const work =
      path === read.path ? disk.read(0, 1) : path === acquire.path ? disk.acquire() : disk.versions(0, 1);
    expect(await codeFrom(work)).toBe('PROTOCOL_VIOLATION');
  });
});
