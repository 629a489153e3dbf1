import { beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import zstdCompression from '#catalogue/capabilities/zstd';
import { GuestMemory } from '#hosts/guest/memory';
import { allocateGuest } from '#hosts/guest/shared';
import { sourceContext } from '#test/support/source-context';
import type { EncodedPages, OutgoingBatch } from '#proto/bulk';
import { codeOf } from '#proto/errors';

const pageCount = 64;
const uniform = { first: 32, end: pageCount, content: 'uniform' } as const;
let here: GuestMemory;
let there: GuestMemory;
const open = (encoded: EncodedPages): ((index: number) => void) =>
  zstdCompression.atDestination!(there, 1).decoder!.open(encoded);

beforeEach(() => {
  here = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, uniform);
  there = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, uniform);
  for (let page = 0; page < pageCount; page++) here.writeVersion(page, 1);
});

const batchOf = (...pages: number[]): OutgoingBatch => ({
  region: 0,
  blockSizeBytes: 4096,
  pages: Uint32Array.from(pages),
  zeroRuns: [9, 1],
  copyPage: () => undefined,
});

/** A page of zeros in a frame as a hostile source makes it: a block that isn't compressed, behind any window. */
const rawFrame = (windowLog: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 1, 4096 >> 5, 0]),
    Buffer.alloc(4096),
  ]);
const sourceWith = (value: number | string) => zstdCompression.atSource!(sourceContext(here), value);

describe('zstd', () => {
  test('compresses pages that travel whole, and they arrive unchanged', async () => {
    const source = sourceWith(3);
    const batch = await source.compressor!.compress(batchOf(40, 33, 50));
    expect(batch).toMatchObject({ pages: new Uint32Array(0), zeroRuns: [9, 1] });
    const [encoded] = batch.encoded!;
    expect(encoded).toMatchObject({ encoding: 'zstd', pages: [40, 33, 50] });
    expect(encoded!.data.length).toBeLessThan(1000);
    const install = open(encoded!);
    for (const index of [0, 1, 2]) install(index);
    for (const page of [40, 33, 50]) expect(there.readVersion(page)).toBe(1);
    expect(source.statistics!()).toMatchObject({ pages: 3, bytes: encoded!.data.length });
  });

  test('leaves alone what cannot be compressed, and batches without whole pages', async () => {
    const source = sourceWith(1);
    for (const batch of [batchOf(1, 2, 3), batchOf()])
      expect(await source.compressor!.compress(batch)).toBe(batch);
    expect(source.statistics!()).toMatchObject({ pages: 0, incompressible: 3 });
  });

  test('auto begins raw, as the link is still unknown', async () => {
    const source = sourceWith('auto');
    const batch = batchOf(40, 41);
    expect(await source.compressor!.compress(batch)).toBe(batch);
    expect(source.statistics!()).toMatchObject({ raw: 2 });
  });

  test.each([
    ['no zstd', Buffer.from('nonsense')],
    ['too few bytes', zstdCompressSync(Buffer.alloc(4095))],
    ['too many', zstdCompressSync(Buffer.alloc(4097))],
    ['a bomb', zstdCompressSync(Buffer.alloc(1 << 28))],
    ['a page that wants a window of 16 MiB', rawFrame(24)],
  ])('%s is refused', (_, data) => {
    let code = 'nothing thrown';
    try {
      open({ encoding: 'zstd', pages: [1], data });
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('PROTOCOL_VIOLATION');
  });

  test.each([1, 19])('a full batch at level %i is within the limits of a frame', async (level) => {
    const pages = Array.from({ length: pageCount }, (_, page) => page);
    const content = Buffer.concat(Array<Buffer>(32).fill(randomBytes(1 << 16)));
    const data = zstdCompressSync(content, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    const many = Array.from({ length: 512 }, (_, index) => pages[index % pageCount]!);
    expect(() => open({ encoding: 'zstd', pages: many, data })).not.toThrow();
  });

  test('a frame made by hand is accepted if its window is no larger than allowed', () => {
    expect(() => open({ encoding: 'zstd', pages: [1], data: rawFrame(23) })).not.toThrow();
  });
});
