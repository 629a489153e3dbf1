import protobuf from 'protobufjs';
import { loadProto } from './load.ts';

/**
 * BulkMessage of migration.proto, without needless copies of page payloads: they are written last, in place, whatever
 * their field's number, and read as a view. Device state, padding and discards, too, are copied once, into the frame.
 * Everything else goes through protobufjs.
 */

/** Pages that travel in the way of a capability, by whose name `encoding` goes. */
export interface EncodedPages {
  encoding: string;
  pages: readonly number[];
  /** What the capability's other side makes the pages of. */
  data: Buffer;
}

/** A batch to send, of one region. `copyPage` writes a block's bytes where it is told: straight out of guest memory. */
export interface OutgoingBatch {
  region: number;
  blockSizeBytes: number;
  pages: Uint32Array;
  zeroRuns: number[];
  copyPage: (page: number, target: Buffer, at: number) => void;
  encoded?: readonly EncodedPages[];
}

/** Runs of a region's blocks, as pairs of first block and number of blocks. */
export interface Discard {
  region: number;
  runs: number[];
}

export type OutgoingBulkMessage =
  | { sequence: number; pages: OutgoingBatch }
  | { sequence: number; discard: Discard }
  | { sequence: number; deviceState: { state: Buffer; digest: Buffer } }
  | { sequence: number; resume: { mode: 'COMPLETE' | 'POSTCOPY'; after: number[] } }
  | { sequence: number; padding: Buffer };

/** A batch received; `payload` is a view of the message. */
export interface PageBatch {
  region: number;
  pages: number[];
  zeroRuns: number[];
  payload: Buffer;
  encoded?: EncodedPages[];
}

export type BulkMessage =
  | { body: 'pages'; sequence: number; pages: PageBatch }
  | { body: 'discard'; sequence: number; discard: Discard }
  | { body: 'deviceState'; sequence: number; deviceState: { state: Buffer; digest: Buffer } }
  | { body: 'resume'; sequence: number; resume: { mode: 'COMPLETE' | 'POSTCOPY'; after: number[] } }
  | { body: 'padding'; sequence: number; padding: Buffer };

const message = loadProto('migration.proto').lookupType('livemig.migration.v1.BulkMessage');

// Protobuf tags: field number << 3 | wire type.
const varint = 0;
const delimited = 2;
const tag = (field: number, wire: number): number => (field << 3) | wire;

/** Bytes of `value` as a varint. */
const varintBytes = (value: number): number => {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
};

/** Everything of a batch message up to the payload's first byte. */
const batchHead = (sequence: number, batch: OutgoingBatch): Uint8Array => {
  const payloadBytes = batch.pages.length * batch.blockSizeBytes;
  const fields = protobuf.Writer.create();
  if (batch.pages.length > 0) {
    fields.uint32(tag(1, delimited)).uint32(batch.pages.length * 4);
    for (const page of batch.pages) fields.fixed32(page);
  }
  if (batch.zeroRuns.length > 0) {
    fields.uint32(tag(2, delimited)).fork();
    for (const value of batch.zeroRuns) fields.uint32(value);
    fields.ldelim();
  }
  for (const { encoding, pages, data } of batch.encoded ?? []) {
    fields.uint32(tag(4, delimited)).fork().uint32(tag(1, delimited)).string(encoding);
    fields.uint32(tag(2, delimited)).uint32(pages.length * 4);
    for (const page of pages) fields.fixed32(page);
    fields.uint32(tag(3, delimited)).bytes(data).ldelim();
  }
  if (batch.region > 0) fields.uint32(tag(5, varint)).uint32(batch.region);
  if (payloadBytes > 0) fields.uint32(tag(3, delimited)).uint32(payloadBytes);
  const inner = fields.finish();
  const head = protobuf.Writer.create();
  if (sequence > 0) head.uint32(tag(1, varint)).uint64(sequence);
  head.uint32(tag(2, delimited)).uint32(inner.length + payloadBytes);
  return Buffer.concat([head.finish(), inner]);
};

/**
 * What grpc-js needs of a serialised message: its length and a copy into the frame behind gRPC's five bytes. Giving it
 * this instead of a Buffer makes the one copy that it does anyway the one out of guest memory.
 */
class BatchBytes {
  readonly byteLength: number;
  readonly #head: Uint8Array;
  readonly #batch: OutgoingBatch;

  constructor(sequence: number, batch: OutgoingBatch) {
    this.#head = batchHead(sequence, batch);
    this.#batch = batch;
    this.byteLength = this.#head.length + batch.pages.length * batch.blockSizeBytes;
  }

  copy(target: Buffer, at: number): number {
    target.set(this.#head, at);
    let cursor = at + this.#head.length;
    const { pages, blockSizeBytes } = this.#batch;
    for (const page of pages) {
      this.#batch.copyPage(page, target, cursor);
      cursor += blockSizeBytes;
    }
    return this.byteLength;
  }
}

/** A message in pieces, which grpc-js copies one behind the other into its frame: the one copy that they take. */
class Pieces {
  readonly byteLength: number;
  readonly #pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
    this.byteLength = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  copy(target: Buffer, at: number): number {
    let cursor = at;
    for (const piece of this.#pieces) {
      target.set(piece, cursor);
      cursor += piece.length;
    }
    return this.byteLength;
  }
}

/** The pieces of a message whose body is field `field` with these bytes. */
const bodyPieces = (sequence: number, field: number, body: readonly Uint8Array[]): Uint8Array[] => {
  const head = protobuf.Writer.create();
  if (sequence > 0) head.uint32(tag(1, varint)).uint64(sequence);
  head.uint32(tag(field, delimited)).uint32(body.reduce((sum, { length }) => sum + length, 0));
  return [head.finish(), ...body];
};

/** Field `number` with so many bytes, without them; nothing where there are none. */
const fieldHead = (number: number, bytes: number): Uint8Array =>
  bytes === 0
    ? new Uint8Array(0)
    : protobuf.Writer.create().uint32(tag(number, delimited)).uint32(bytes).finish();

/** A region's id as field `number`; nothing for RAM, which is 0. */
const regionField = (number: number, region: number): Uint8Array =>
  region === 0
    ? new Uint8Array(0)
    : protobuf.Writer.create().uint32(tag(number, varint)).uint32(region).finish();

/** Values below 2^32 as varints, in one pass: a discard has up to 131,072 of them, and the guest stands still. */
const varints = (values: readonly number[]): Uint8Array => {
  const bytes = Buffer.allocUnsafe(values.length * 5);
  let at = 0;
  for (const value of values) {
    let rest = value >>> 0;
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
  }
  return bytes.subarray(0, at);
};

const piecesOf = (outgoing: Exclude<OutgoingBulkMessage, { pages: OutgoingBatch }>): Uint8Array[] | null => {
  const { sequence } = outgoing;
  if ('deviceState' in outgoing) {
    const { state, digest } = outgoing.deviceState;
    const body = [fieldHead(1, state.length), state, fieldHead(2, digest.length), digest];
    return bodyPieces(sequence, 4, body);
  }
  if ('discard' in outgoing) {
    const runs = varints(outgoing.discard.runs);
    return bodyPieces(sequence, 3, [
      fieldHead(1, runs.length),
      runs,
      regionField(2, outgoing.discard.region),
    ]);
  }
  return 'padding' in outgoing ? bodyPieces(sequence, 6, [outgoing.padding]) : null;
};

const serialized = (outgoing: OutgoingBulkMessage): BatchBytes | Pieces | Buffer => {
  if ('pages' in outgoing) return new BatchBytes(outgoing.sequence, outgoing.pages);
  const pieces = piecesOf(outgoing);
  return pieces === null
    ? Buffer.from(message.encode(message.fromObject(outgoing)).finish())
    : new Pieces(pieces);
};

/** A field of so many bytes with its tag and length; nothing where it is empty. */
const fieldBytes = (bytes: number): number => (bytes > 0 ? 1 + varintBytes(bytes) + bytes : 0);

const encodedBytes = (encoded: readonly EncodedPages[]): number => {
  let bytes = 0;
  for (const { encoding, pages, data } of encoded) {
    // Both lists are written also where they are empty, with their tag and length.
    const lists = [encoding.length, pages.length * 4, data.length];
    const inner = lists.reduce((sum, length) => sum + 1 + varintBytes(length) + length, 0);
    bytes += 1 + varintBytes(inner) + inner;
  }
  return bytes;
};

/** Bytes that a batch adds to a connection: message and gRPC's five-byte prefix. */
export const batchWireBytes = (sequence: number, batch: OutgoingBatch): number => {
  let pairs = 0;
  for (const value of batch.zeroRuns) pairs += varintBytes(value);
  const inner =
    fieldBytes(batch.pages.length * 4) +
    fieldBytes(pairs) +
    (batch.region > 0 ? 1 + varintBytes(batch.region) : 0) +
    fieldBytes(batch.pages.length * batch.blockSizeBytes) +
    encodedBytes(batch.encoded ?? []);
  return 5 + (sequence > 0 ? 1 + varintBytes(sequence) : 0) + 1 + varintBytes(inner) + inner;
};

const decodeEncoded = (reader: protobuf.Reader, end: number, bytes: Buffer): EncodedPages => {
  let encoding = '';
  const pages: number[] = [];
  let data = bytes.subarray(0, 0);
  while (reader.pos < end) {
    const field = reader.uint32();
    if (field === tag(1, delimited)) encoding = reader.string();
    else if (field === tag(2, delimited)) {
      for (const stop = reader.uint32() + reader.pos; reader.pos < stop;) pages.push(reader.fixed32());
    } else if (field === tag(3, delimited)) {
      const length = reader.uint32();
      data = bytes.subarray(reader.pos, reader.pos + length);
      reader.skip(length);
    } else if (field === tag(2, 5)) pages.push(reader.fixed32());
    else reader.skipType(field & 7);
  }
  return { encoding, pages, data };
};

const decodeBatch = (reader: protobuf.Reader, end: number, bytes: Buffer): PageBatch => {
  const batch: PageBatch = { region: 0, pages: [], zeroRuns: [], payload: bytes.subarray(0, 0) };
  while (reader.pos < end) {
    const field = reader.uint32();
    if (field === tag(3, delimited)) {
      const length = reader.uint32();
      const start = reader.pos;
      reader.skip(length);
      batch.payload = bytes.subarray(start, start + length);
    } else if (field === tag(1, delimited)) {
      for (const stop = reader.uint32() + reader.pos; reader.pos < stop;) batch.pages.push(reader.fixed32());
    } else if (field === tag(2, delimited)) {
      for (const stop = reader.uint32() + reader.pos; reader.pos < stop;)
        batch.zeroRuns.push(reader.uint32());
    } else if (field === tag(4, delimited)) {
      const length = reader.uint32();
      (batch.encoded ??= []).push(decodeEncoded(reader, reader.pos + length, bytes));
    } else if (field === tag(5, varint)) batch.region = reader.uint32();
    else if (field === tag(1, 5)) batch.pages.push(reader.fixed32());
    else if (field === tag(2, varint)) batch.zeroRuns.push(reader.uint32());
    else reader.skipType(field & 7);
  }
  return batch;
};

/** Reads `sequence` and, if the body is a batch, the batch; null = another body. */
const decodeIfBatch = (bytes: Buffer): BulkMessage | null => {
  const reader = protobuf.Reader.create(bytes);
  let sequence = 0;
  let pages: PageBatch | null = null;
  while (reader.pos < bytes.length) {
    const field = reader.uint32();
    if (field === tag(1, varint)) sequence = Number(reader.uint64());
    else if (field === tag(2, delimited)) {
      const length = reader.uint32();
      pages = decodeBatch(reader, reader.pos + length, bytes);
    } else return null;
  }
  return pages === null ? null : { body: 'pages', sequence, pages };
};

export const bulkCodec = {
  /** The result is a Buffer as far as grpc-js uses it: see BatchBytes. */
  serialize: (outgoing: OutgoingBulkMessage): Buffer => serialized(outgoing) as unknown as Buffer,

  deserialize: (bytes: Buffer): BulkMessage =>
    decodeIfBatch(bytes) ??
    (message.toObject(message.decode(bytes), {
      longs: Number,
      enums: String,
      arrays: true,
      defaults: true,
      oneofs: true,
    }) as unknown as BulkMessage),
};
