import { beforeEach, describe, expect, test } from '@jest/globals';
import { capabilitiesAtDestination, decodersOf } from '#catalogue/capabilities';
import uniformPages from '#catalogue/capabilities/uniform-pages';
import { GuestMemory } from '#hosts/guest/memory';
import { PageSet } from '#hosts/guest/page-set';
import { allocateGuest } from '#hosts/guest/shared';
import { Batcher, isEmpty, travelOf } from '#hosts/transfer/batcher';
import { sourceContext } from '#test/support/source-context';
import type { Compressor, PageEncoder } from '#catalogue/capability';
import type { Encodings } from '#hosts/transfer/batcher';
import { PageReceiver } from '#hosts/transfer/page-receiver';
import { bulkCodec } from '#proto/bulk';
import type { OutgoingBatch } from '#proto/bulk';
import { BlockSpace } from '#hosts/block-space';

const pageCount = 6000;
const uniformRange = { first: 3000, end: 6000, content: 'uniform' } as const;
let memory: GuestMemory;

beforeEach(() => {
  memory = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, uniformRange);
  for (const page of [1, 2, 5, 3001, 3002, 3003]) memory.writeVersion(page, page + 1);
});

const plain: Encodings = { zeroPages: true, encoders: [], compressors: [] };
const uniform = (): Encodings => {
  const { encoder } = uniformPages.atSource!(sourceContext(memory), true);
  return { zeroPages: true, encoders: [encoder!], compressors: [] };
};

const shapeOf = ({ pages, zeroRuns, encoded }: OutgoingBatch) => ({
  whole: [...pages],
  zeroRuns,
  uniform: encoded?.[0]?.pages ?? null,
});

/** What the destination decodes from a batch sent over the wire. */
const received = (batch: OutgoingBatch): GuestMemory => {
  const serialised = bulkCodec.serialize({ sequence: 1, pages: batch });
  const bytes = Buffer.alloc(serialised.byteLength);
  serialised.copy(bytes, 0);
  const message = bulkCodec.deserialize(bytes);
  if (message.body !== 'pages') throw new Error(message.body);
  const target = new GuestMemory(allocateGuest(pageCount, 1, 1), 1, uniformRange);
  const receiver = new PageReceiver(new BlockSpace([target]), () => undefined);
  const agreed = [{ name: 'uniform-pages', value: '' }];
  receiver.decoders = decodersOf(capabilitiesAtDestination(agreed, target));
  receiver.receive(message.pages);
  return target;
};

describe('Batcher', () => {
  test('takes whole pages and the zero runs between them, wraps around, and empties the set', () => {
    const pages = PageSet.of(pageCount, [1, 2, 5, 6, 7, 100]);
    const { batch, next, zeroPages } = new Batcher(new BlockSpace([memory]), plain).take(pages, 5, 10);
    expect(shapeOf(batch)).toEqual({ whole: [5, 1, 2], zeroRuns: [6, 2, 100, 1], uniform: null });
    expect({ next, zeroPages, left: pages.count }).toEqual({ next: 3, zeroPages: 3, left: 0 });
  });

  test('zero runs ascend, also where the pages wrap around', () => {
    const pages = PageSet.of(pageCount, [3, 4, 6, 7, 100]);
    const { batch } = new Batcher(new BlockSpace([memory]), plain).take(pages, 7, 10);
    expect(shapeOf(batch).zeroRuns).toEqual([3, 2, 6, 1, 7, 1, 100, 1]);
    expect([...pages.runs()]).toEqual([]);
    const target = received(batch);
    expect([3, 4, 6, 7, 100].every((page) => target.isPresent(page))).toBe(true);
  });

  test('stops at the requested number of whole pages', () => {
    const pages = PageSet.all(pageCount);
    const { batch, next } = new Batcher(new BlockSpace([memory]), plain).take(pages, 0, 2);
    expect(shapeOf(batch).whole).toEqual([1, 2]);
    expect({ next, left: pages.count }).toEqual({ next: 3, left: pageCount - 3 });
  });

  test('without zero-page detection, pages of zeros travel whole', () => {
    const encodings = { zeroPages: false, encoders: [], compressors: [] };
    const { batch } = new Batcher(new BlockSpace([memory]), encodings).take(
      PageSet.of(pageCount, [4, 5]),
      0,
      10,
    );
    expect(shapeOf(batch)).toEqual({ whole: [4, 5], zeroRuns: [], uniform: null });
  });

  test('skipped pages leave the set, but are not in the batch', () => {
    const pages = PageSet.of(pageCount, [1, 2]);
    const { batch } = new Batcher(new BlockSpace([memory]), plain).take(pages, 0, 10, () => true);
    expect({ isEmpty: isEmpty(batch), left: pages.count }).toEqual({ isEmpty: true, left: 0 });
  });

  test('uniform pages travel as their pattern, and arrive whole', () => {
    const pages = PageSet.of(pageCount, [5, 3001, 3002, 4000]);
    const { batch } = new Batcher(new BlockSpace([memory]), uniform()).take(pages, 0, 10);
    expect(shapeOf(batch)).toEqual({ whole: [5], zeroRuns: [4000, 1], uniform: [3001, 3002] });
    const target = received(batch);
    expect([5, 3001, 3002, 4000].map((page) => target.readVersion(page))).toEqual([6, 3002, 3003, 0]);
    expect(isEmpty(new Batcher(new BlockSpace([memory]), uniform()).one(3001).batch)).toBe(false);
  });

  test('without the switch they travel whole', () => {
    const { batch } = new Batcher(new BlockSpace([memory]), plain).take(PageSet.of(pageCount, [3001]), 0, 10);
    expect(shapeOf(batch)).toEqual({ whole: [3001], zeroRuns: [], uniform: null });
  });

  test('a page that differs from its pattern in one byte travels whole', () => {
    const bytes = Buffer.alloc(4096);
    for (const at of [16, 31, 2048, 4095]) {
      memory.writeVersion(3001, 2);
      memory.copyTo(3001, bytes, 0);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      memory.copyFrom(3001, bytes, 0);
      expect(shapeOf(new Batcher(new BlockSpace([memory]), uniform()).one(3001).batch).whole).toEqual([3001]);
    }
  });

  test('a batch has at most 2048 uniform pages', () => {
    for (let page = 3000; page < 6000; page++) memory.writeVersion(page, 1);
    const pages = PageSet.of(
      pageCount,
      Array.from({ length: 3000 }, (_, index) => 3000 + index),
    );
    const { batch } = new Batcher(new BlockSpace([memory]), uniform()).take(pages, 0, 256);
    expect(batch.encoded?.[0]?.pages).toHaveLength(2048);
    expect(pages.count).toBe(952);
  });

  test.each([
    [4, { whole: [], zeroRuns: [4, 1], uniform: null }, 1],
    [5, { whole: [5], zeroRuns: [], uniform: null }, 0],
    [3001, { whole: [], zeroRuns: [], uniform: [3001] }, 0],
  ])('takes page %i by itself', (page, shape, zeroPages) => {
    const taken = new Batcher(new BlockSpace([memory]), uniform()).one(page);
    expect(shapeOf(taken.batch)).toEqual(shape);
    expect(taken.zeroPages).toBe(zeroPages);
  });
});

describe('counting a batch', () => {
  test('counts each page once: as full if an encoder sends it in full, as encoded if compressed', async () => {
    const inFull: PageEncoder = {
      take: (page) => (page === 100 ? 4096 : 8),
      flush: () => ({ encoding: 'xbzrle', pages: [100, 1], data: Buffer.alloc(4104), wholePages: 1 }),
    };
    const full = new Batcher(new BlockSpace([memory]), { ...plain, encoders: [inFull], zeroPages: false });
    expect(travelOf(full.take(PageSet.of(pageCount, [1, 100]), 0, 10))).toEqual({
      full: 1,
      encoded: [['xbzrle', 1]],
    });
    const compressor: Compressor = {
      compress: async (batch) => {
        const encoded = [{ encoding: 'zstd', pages: [...batch.pages], data: Buffer.alloc(10) }];
        return { ...batch, pages: new Uint32Array(0), encoded };
      },
    };
    const compressing = new Batcher(new BlockSpace([memory]), { ...plain, compressors: [compressor] });
    const taken = compressing.take(PageSet.of(pageCount, [1, 2, 5]), 0, 10);
    expect(travelOf(taken)).toEqual({ full: 3, encoded: [] });
    expect(travelOf(await compressing.compressed(taken))).toEqual({ full: 0, encoded: [['zstd', 3]] });
  });

  test('counts the unsent ones: all at first, less those taken, in or out of turn, but not those skipped', () => {
    const batcher = new Batcher(new BlockSpace([memory]), plain);
    expect(batcher.unsent.count).toBe(pageCount);
    batcher.take(PageSet.of(pageCount, [1, 2, 5, 6]), 0, 10, (page) => page === 5);
    batcher.one(7);
    expect(batcher.unsent.count).toBe(pageCount - 4);
    expect([1, 2, 5, 6, 7].filter((page) => batcher.unsent.has(page))).toEqual([5]);
    // A bitmap sync finds one of them dirty again, and one that never was sent.
    batcher.unsent.addAll(PageSet.of(pageCount, [2, 5]));
    expect(batcher.unsent.count).toBe(pageCount - 3);
  });
});
