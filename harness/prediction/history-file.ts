import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decodeDirtyIntervals, dirtyBlobMaxBytes, encodeDirtyInterval } from '#proto/dirty-history';
import type { DirtyInterval } from '#proto/dirty-history';
import { LivemigError, messageOf } from '#proto/errors';
import { readBoundedBytes } from '../bounded-file.ts';
import type { DirtyHistory } from './history.ts';
import { historyHeaderSchema, lengthMsOf } from './history.ts';

/**
 * A history's file, compressed by zstd: eight bytes that name the format, the header's length (32 bits, little endian), the
 * header as JSON, the intervals (proto/dirty-history.ts), and the SHA-256 of all that.
 */
const magic = Buffer.from('LMDIRTY1');
const headerMaxBytes = 64 << 10;
const digestBytes = 32;
const lengthBytes = 4;
const contentMaxBytes = magic.length + lengthBytes + headerMaxBytes + dirtyBlobMaxBytes + digestBytes;
/** What doesn't shrink grows by a little. */
const fileMaxBytes = contentMaxBytes + (1 << 20);
const compressionLevel = 9;

/** A history as it was read, with what names it. */
export interface StoredHistory extends DirtyHistory {
  /** SHA-256 of its content, in hex. */
  readonly sha256: string;
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** A history as a file's bytes, and the digest that names it. */
export const encodeHistory = ({ header, intervals }: DirtyHistory): { bytes: Buffer; sha256: string } => {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(text.length);
  const content = Buffer.concat([magic, length, text, ...intervals.map(encodeDirtyInterval)]);
  const digest = sha256(content);
  const bytes = zstdCompressSync(Buffer.concat([content, digest]), {
    params: { [constants.ZSTD_c_compressionLevel]: compressionLevel },
  });
  return { bytes, sha256: digest.toString('hex') };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** @throws RangeError */
const unpacked = (bytes: Buffer): Buffer => {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: contentMaxBytes });
  } catch (cause) {
    const why = messageOf(cause);
    throw new RangeError(`expected a file compressed by zstd, of ${contentMaxBytes} bytes at most (${why})`, {
      cause,
    });
  }
};

/** The intervals, or what is wrong with them. */
const intervalsOf = (blob: Buffer, pageCount: number): DirtyInterval[] | string => {
  try {
    return decodeDirtyIntervals(blob, pageCount);
  } catch (error) {
    return `intervals: ${messageOf(error)}`;
  }
};

/** What is wrong with a file's bytes; the history, where nothing is. */
const read = (bytes: Buffer): { history: StoredHistory | null; problems: string[] } => {
  const whole = unpacked(bytes);
  const least = magic.length + lengthBytes + digestBytes;
  if (whole.length < least || !whole.subarray(0, magic.length).equals(magic))
    return { history: null, problems: ['expected a dirty history, which begins with LMDIRTY1'] };
  const problems: string[] = [];
  const content = whole.subarray(0, -digestBytes);
  const digest = whole.subarray(-digestBytes);
  if (!sha256(content).equals(digest))
    problems.push('its digest is that of other content: it was changed or cut off after it was recorded');
  const headerEnd = magic.length + lengthBytes + whole.readUInt32LE(magic.length);
  if (headerEnd > content.length || headerEnd > magic.length + lengthBytes + headerMaxBytes)
    return { history: null, problems: [...problems, `expected a header of at most ${headerMaxBytes} bytes within the file`] }; // prettier-ignore
  const parsed = historyHeaderSchema.safeParse(
    parseJson(content.subarray(magic.length + lengthBytes, headerEnd).toString('utf8')),
  );
  if (!parsed.success)
    return {
      history: null,
      problems: [...problems, ...parsed.error.issues.map(({ path, message }) => `${['header', ...path].join('.')}: ${message}`)], // prettier-ignore
    };
  const header = parsed.data;
  const intervals = intervalsOf(content.subarray(headerEnd), header.pageCount);
  if (typeof intervals === 'string') return { history: null, problems: [...problems, intervals] };
  if (intervals.length !== header.intervals)
    problems.push(`header.intervals: expected ${intervals.length}, as there are, got ${header.intervals}`);
  if (header.nonZeroPages > header.pageCount)
    problems.push(`header.nonZeroPages: expected at most ${header.pageCount} (header.pageCount), got ${header.nonZeroPages}`); // prettier-ignore
  if (lengthMsOf({ intervals }) <= 0) problems.push('intervals: expected a history that takes time');
  const history = { header, intervals, sha256: digest.toString('hex') };
  return { history: problems.length === 0 ? history : null, problems };
};

/**
 * A history from a file's bytes.
 * @param file its name, for messages.
 * @throws LivemigError BAD_INPUT with all its problems
 */
export const decodeHistory = (bytes: Buffer, file: string): StoredHistory => {
  const attempt = (): ReturnType<typeof read> => {
    try {
      return read(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { history: null, problems: [error.message] };
    }
  };
  const { history, problems } = attempt();
  if (history !== null) return history;
  const named = problems.map((problem) => `dirty history ${file}: ${problem}`);
  throw new LivemigError('BAD_INPUT', named.join('; '), { problems: named });
};

/** @throws LivemigError BAD_INPUT with all its problems */
export const readHistory = (file: string): StoredHistory =>
  decodeHistory(readBoundedBytes(file, 'dirty history', fileMaxBytes), file);
