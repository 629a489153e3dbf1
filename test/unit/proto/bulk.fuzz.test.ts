import { describe, expect } from '@jest/globals';
import fc from 'fast-check';
import type { EncodedPages, OutgoingBulkMessage } from '#proto/bulk';
import { batchWireBytes, bulkCodec } from '#proto/bulk';
import { loadProto } from '#proto/load';
import { pageSizeBytes } from '#proto/units';
import { fuzz } from '#test/support/fuzz';

const pages = fc.array(fc.nat(0xffffffff), { maxLength: 3 });
const buffer = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const encoded: fc.Arbitrary<EncodedPages> = fc.record({ encoding: fc.string(), pages, data: buffer });
const batchMessage = fc.record({
  sequence: fc.nat(Number.MAX_SAFE_INTEGER),
  pages: fc.record({
    region: fc.nat(20),
    blockSizeBytes: fc.constant(pageSizeBytes),
    pages: pages.map((numbers) => Uint32Array.from(numbers)),
    zeroRuns: pages,
    copyPage: fc.constant((page: number, target: Buffer, at: number): void => {
      target.fill(page & 255, at, at + pageSizeBytes);
    }),
    encoded: fc.array(encoded, { maxLength: 3 }),
  }),
});

const sequence = fc.nat(Number.MAX_SAFE_INTEGER);
const uint32s = fc.array(fc.oneof(fc.nat(300), fc.nat(0xffffffff)), { maxLength: 20 });
const otherMessage: fc.Arbitrary<OutgoingBulkMessage> = fc.oneof(
  fc.record({ sequence, discard: fc.record({ region: fc.nat(20), runs: uint32s }) }),
  fc.record({ sequence, deviceState: fc.record({ state: buffer, digest: buffer }) }),
  fc.record({ sequence, padding: buffer }),
  fc.record({
    sequence,
    resume: fc.record({ mode: fc.constantFrom('COMPLETE' as const, 'POSTCOPY' as const), after: uint32s }),
  }),
);

const theirs = loadProto('migration.proto').lookupType('livemig.migration.v1.BulkMessage');

const serialized = (outgoing: OutgoingBulkMessage): Buffer => {
  const bytes = bulkCodec.serialize(outgoing);
  const whole = Buffer.alloc(bytes.byteLength);
  bytes.copy(whole, 0);
  return whole;
};

const sameList = (left: Iterable<number>, right: Iterable<number>): boolean =>
  JSON.stringify([...left]) === JSON.stringify([...right]);

describe('the bulk codec, fuzzed', () => {
  fuzz('reads back every batch that it writes, of the length that is told', batchMessage, (message) => {
    const bytes = serialized(message);
    const got = bulkCodec.deserialize(bytes);
    if (got.body !== 'pages') return false;
    const { pages: batch } = got;
    return (
      bytes.length + 5 === batchWireBytes(message.sequence, message.pages) &&
      got.sequence === message.sequence &&
      batch.region === message.pages.region &&
      sameList(batch.pages, message.pages.pages) &&
      sameList(batch.zeroRuns, message.pages.zeroRuns) &&
      batch.payload.length === message.pages.pages.length * pageSizeBytes &&
      batch.pages.every((page, index) => batch.payload[index * pageSizeBytes] === (page & 255)) &&
      (batch.encoded ?? []).length === message.pages.encoded.length &&
      (batch.encoded ?? []).every(({ encoding, pages: numbers, data }, index) => {
        const sent = message.pages.encoded[index]!;
        return encoding === sent.encoding && sameList(numbers, sent.pages) && data.equals(sent.data);
      })
    );
  });

  fuzz(
    'writes every other message as protobufjs reads it, and reads what protobufjs writes',
    otherMessage,
    (message) => {
      const body = Object.fromEntries(Object.entries(message).filter(([field]) => field !== 'sequence'));
      const expected = { body: Object.keys(body)[0], sequence: message.sequence, ...body };
      const bytes = serialized(message);
      const read = theirs.toObject(theirs.decode(bytes), {
        longs: Number,
        enums: String,
        arrays: true,
        defaults: true,
        oneofs: true,
      });
      expect(read).toEqual(expected);
      expect(bulkCodec.deserialize(bytes)).toEqual(expected);
      expect(bulkCodec.deserialize(Buffer.from(theirs.encode(theirs.fromObject(message)).finish()))).toEqual(
        expected,
      );
    },
  );

  fuzz('takes any bytes as a message, or refuses them', fc.uint8Array({ maxLength: 256 }), (bytes) => {
    try {
      bulkCodec.deserialize(Buffer.from(bytes));
    } catch {
      // A refusal. What is tested is that it ends, and soon.
    }
  });
});
