import { describe, expect, test } from '@jest/globals';
import { batchWireBytes, bulkCodec } from '#proto/bulk';
import type { OutgoingBulkMessage } from '#proto/bulk';
import { loadProto } from '#proto/load';

const message = loadProto('migration.proto').lookupType('livemig.migration.v1.BulkMessage');

/** What grpc-js does with a serialised message. */
const bytesOf = (outgoing: OutgoingBulkMessage): Buffer => {
  const serialised = bulkCodec.serialize(outgoing);
  const frame = Buffer.alloc(serialised.byteLength + 5);
  serialised.copy(frame, 5);
  return frame.subarray(5);
};

/** A batch of pages. */
const ofRam = { region: 0, blockSizeBytes: 4096 };

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
      const bytes = bytesOf({
        sequence,
        pages: { ...ofRam, pages: Uint32Array.from(pages), zeroRuns, copyPage },
      });
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
      expect(batchWireBytes(sequence, { ...ofRam, pages: Uint32Array.from(pages), zeroRuns, copyPage })).toBe(
        bytes.length + 5,
      );
    },
  );

  test.each(batches)(
    'is read back without copying the payload (sequence $sequence)',
    ({ sequence, pages, zeroRuns }) => {
      const bytes = bytesOf({
        sequence,
        pages: { ...ofRam, pages: Uint32Array.from(pages), zeroRuns, copyPage },
      });
      const read = bulkCodec.deserialize(bytes);
      expect(read).toMatchObject({ body: 'pages', sequence, pages: { pages, zeroRuns } });
      if (read.body !== 'pages') throw new Error(read.body);
      expect(read.pages.payload).toHaveLength(pages.length * 4096);
      if (pages.length > 0) expect(read.pages.payload.buffer).toBe(bytes.buffer);
    },
  );

  test('encoded pages are read by protobufjs, and read what protobufjs writes', () => {
    const encoded = [
      { encoding: 'a', pages: [3, 70_000], data: Buffer.alloc(300, 7) },
      { encoding: 'bb', pages: [4], data: Buffer.alloc(1, 8) },
    ];
    const batch = { ...ofRam, pages: Uint32Array.of(7), zeroRuns: [1, 2], copyPage, encoded };
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
        pages: { region: 0, ...fields, encoded },
      });
  });

  test('is read for another region, with its block size', () => {
    const copyBlock = (block: number, target: Buffer, at: number): void => {
      target.fill(block, at, at + 512);
    };
    const batch = {
      region: 3,
      blockSizeBytes: 512,
      pages: Uint32Array.of(7, 9),
      zeroRuns: [1, 2],
      copyPage: copyBlock,
    };
    const bytes = bytesOf({ sequence: 5, pages: batch });
    const payload = Buffer.concat([Buffer.alloc(512, 7), Buffer.alloc(512, 9)]);
    const theirs = message.toObject(message.decode(bytes), { longs: Number });
    expect(theirs).toEqual({ sequence: 5, pages: { region: 3, pages: [7, 9], zeroRuns: [1, 2], payload } });
    expect(batchWireBytes(5, batch)).toBe(bytes.length + 5);
    expect(bulkCodec.deserialize(bytes)).toMatchObject({ pages: { region: 3, pages: [7, 9], payload } });
  });

  test('encoded pages need no whole page next to them', () => {
    const encoded = [{ encoding: 'a', pages: [3], data: Buffer.alloc(16, 7) }];
    const batch = { ...ofRam, pages: new Uint32Array(0), zeroRuns: [], copyPage, encoded };
    const bytes = bytesOf({ sequence: 5, pages: batch });
    expect(bulkCodec.deserialize(bytes)).toMatchObject({ pages: { pages: [], encoded } });
    expect(batchWireBytes(5, batch)).toBe(bytes.length + 5);
  });

  test('is read in the unpacked form and the field order that another implementation may write', () => {
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
  { sequence: 4, discard: { region: 0, runs: [1, 2] } },
  { sequence: 4, discard: { region: 300, runs: [1, 2] } },
  { sequence: 5, deviceState: { state: Buffer.from('abc'), digest: Buffer.from('d') } },
  { sequence: 6, resume: { mode: 'POSTCOPY' as const, after: [3, 4] } },
  { sequence: 7, padding: Buffer.alloc(10) },
])('message $sequence survives a round trip', (outgoing) => {
  expect(bulkCodec.deserialize(bytesOf(outgoing))).toMatchObject(outgoing);
});
