import { describe, expect, test } from '@jest/globals';
import { batchWireBytes, bulkCodec } from '../../../proto/bulk.ts';
import type { OutgoingBulkMessage } from '../../../proto/bulk.ts';
import { loadProto } from '../../../proto/load.ts';

const message = loadProto('migration.proto').lookupType('livemig.migration.v1.BulkMessage');

/** What grpc-js does with a serialised message. */
const bytesOf = (outgoing: OutgoingBulkMessage): Buffer => {
  const serialised = bulkCodec.serialize(outgoing);
  const frame = Buffer.alloc(serialised.byteLength + 5);
  serialised.copy(frame, 5);
  return frame.subarray(5);
};

const copyPage = (page: number, target: Buffer, at: number): void => {
  target.fill(page & 0xff, at, at + 4096);
};

const batches = [
  { sequence: 1, pages: [7], zeroRuns: [] },
  { sequence: 300, pages: [5, 6, 700_000], zeroRuns: [1, 2, 1000, 5] },
  { sequence: 2 ** 40, pages: [], zeroRuns: [0, 4_194_304] },
  { sequence: 9, pages: Array.from({ length: 256 }, (_, index) => index * 3), zeroRuns: [] },
];

describe('PageBatch', () => {
  test.each(batches)(
    'is the protobuf that protobufjs writes (sequence $sequence)',
    ({ sequence, pages, zeroRuns }) => {
      const bytes = bytesOf({ sequence, pages: { pages: Uint32Array.from(pages), zeroRuns, copyPage } });
      const payload = Buffer.concat(pages.map((page) => Buffer.alloc(4096, page & 0xff)));
      const reference = message
        .encode(
          message.fromObject({
            sequence,
            pages: { pages, zeroRuns, ...(pages.length > 0 ? { payload } : {}) },
          }),
        )
        .finish();
      expect(bytes.equals(reference)).toBe(true);
      expect(batchWireBytes(sequence, { pages: Uint32Array.from(pages), zeroRuns, copyPage })).toBe(
        bytes.length + 5,
      );
    },
  );

  test.each(batches)(
    'is read back without copying the payload (sequence $sequence)',
    ({ sequence, pages, zeroRuns }) => {
      const bytes = bytesOf({ sequence, pages: { pages: Uint32Array.from(pages), zeroRuns, copyPage } });
      const read = bulkCodec.deserialize(bytes);
      expect(read).toMatchObject({ body: 'pages', sequence, pages: { pages, zeroRuns } });
      if (read.body !== 'pages') throw new Error(read.body);
      expect(read.pages.payload).toHaveLength(pages.length * 4096);
      if (pages.length > 0) expect(read.pages.payload.buffer).toBe(bytes.buffer);
    },
  );

  test('encoded pages are what protobufjs reads, and what is read of protobufjs', () => {
    const encoded = [
      { encoding: 'a', pages: [3, 70_000], data: Buffer.alloc(300, 7) },
      { encoding: 'bb', pages: [4], data: Buffer.alloc(1, 8) },
    ];
    const batch = { pages: Uint32Array.of(7), zeroRuns: [1, 2], copyPage, encoded };
    const bytes = bytesOf({ sequence: 5, pages: batch });
    const payload = Buffer.alloc(4096, 7);
    const fields = { pages: [7], zeroRuns: [1, 2], payload };
    expect(message.toObject(message.decode(bytes), { longs: Number })).toEqual({
      sequence: 5,
      pages: { ...fields, encoded },
    });
    expect(batchWireBytes(5, batch)).toBe(bytes.length + 5);
    const theirs = { ...fields, encoded };
    const written = message.encode(message.fromObject({ sequence: 5, pages: theirs })).finish();
    for (const read of [bytes, Buffer.from(written)])
      expect(bulkCodec.deserialize(read)).toEqual({
        body: 'pages',
        sequence: 5,
        pages: { ...fields, encoded },
      });
  });

  test('encoded pages need no whole page beside them', () => {
    const encoded = [{ encoding: 'a', pages: [3], data: Buffer.alloc(16, 7) }];
    const batch = { pages: new Uint32Array(0), zeroRuns: [], copyPage, encoded };
    const bytes = bytesOf({ sequence: 5, pages: batch });
    expect(bulkCodec.deserialize(bytes)).toMatchObject({ pages: { pages: [], encoded } });
    expect(batchWireBytes(5, batch)).toBe(bytes.length + 5);
  });

  test('is read in the unpacked form and field order that another implementation may write', () => {
    const inner = Buffer.from([0x10, 5, 0x10, 2, 0x0d, 9, 0, 0, 0]);
    const bytes = Buffer.concat([Buffer.from([0x12, inner.length]), inner, Buffer.from([0x08, 3])]);
    expect(bulkCodec.deserialize(bytes)).toMatchObject({
      sequence: 3,
      pages: { pages: [9], zeroRuns: [5, 2] },
    });
  });

  test('garbage throws instead of passing for a message', () => {
    expect(() => bulkCodec.deserialize(Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff]))).toThrow();
  });
});

test.each([
  { sequence: 4, discard: { runs: [1, 2] } },
  { sequence: 5, deviceState: { state: Buffer.from('abc'), digest: Buffer.from('d') } },
  { sequence: 6, resume: { mode: 'POSTCOPY' as const, after: [3, 4] } },
  { sequence: 7, padding: Buffer.alloc(10) },
])('message $sequence goes there and back', (outgoing) => {
  expect(bulkCodec.deserialize(bytesOf(outgoing))).toMatchObject(outgoing);
});
