import { pageSizeBytes } from '#proto/units';

/**
 * XBZRLE, as in QEMU's docs/devel/migration/xbzrle.rst and migration/xbzrle.c: a page's changes, as runs of unchanged
 * bytes (their number) and of changed bytes (their number and the new bytes). Numbers are ULEB128 of at most two bytes;
 * a trailing run of unchanged bytes is omitted. Pure.
 */

/** A page in a buffer, also seen as words. */
export interface PageView {
  bytes: Uint8Array;
  words: Int32Array;
  /** Offset of its first byte: a multiple of four. */
  at: number;
}

/** Large enough for any page worth encoding: an encoding longer than the page isn't sent. */
const encodedBytesMax = pageSizeBytes - 1;

const writeLength = (length: number, target: Uint8Array, at: number): number => {
  if (length < 0x80) {
    target[at] = length;
    return at + 1;
  }
  target[at] = (length & 0x7f) | 0x80;
  target[at + 1] = length >>> 7;
  return at + 2;
};

/**
 * @param target receives the encoding from `at` on, and has space for a page.
 * @returns its length; 0 = nothing changed; -1 = it would be as long as the page or longer (overflow)
 */
export const encodeXbzrle = (before: PageView, after: PageView, target: Uint8Array, at: number): number => {
  const limit = at + encodedBytesMax;
  let cursor = at;
  let page = 0;
  for (;;) {
    const stayedFrom = page;
    page = skipSame(before, after, page);
    if (page === pageSizeBytes) return cursor - at;
    const changedFrom = page;
    page = skipChanged(before, after, page);
    const changed = page - changedFrom;
    if (cursor + 4 + changed > limit) return -1;
    cursor = writeLength(changedFrom - stayedFrom, target, cursor);
    cursor = writeLength(changed, target, cursor);
    target.set(after.bytes.subarray(after.at + changedFrom, after.at + page), cursor);
    cursor += changed;
  }
};

const skipSame = (before: PageView, after: PageView, from: number): number => {
  let page = from;
  for (; page < pageSizeBytes && (page & 3) !== 0; page++)
    if (before.bytes[before.at + page] !== after.bytes[after.at + page]) return page;
  const beforeWord = before.at >>> 2;
  const afterWord = after.at >>> 2;
  let word = page >>> 2;
  for (; word < pageSizeBytes / 4; word++)
    if (before.words[beforeWord + word] !== after.words[afterWord + word]) break;
  page = word << 2;
  while (page < pageSizeBytes && before.bytes[before.at + page] === after.bytes[after.at + page]) page++;
  return page;
};

const skipChanged = (before: PageView, after: PageView, from: number): number => {
  let page = from;
  while (page < pageSizeBytes && before.bytes[before.at + page] !== after.bytes[after.at + page]) page++;
  return page;
};

/** A number of at most two bytes; `bytes` 0 = none. */
const readLength = (source: Uint8Array, at: number, end: number): { length: number; bytes: number } => {
  const low = source[at];
  if (at >= end || low === undefined) return { length: 0, bytes: 0 };
  if ((low & 0x80) === 0) return { length: low, bytes: 1 };
  const high = source[at + 1];
  if (at + 1 >= end || high === undefined || (high & 0x80) !== 0) return { length: 0, bytes: 0 };
  return { length: (low & 0x7f) | (high << 7), bytes: 2 };
};

/** Changed bytes: their offsets in the page and in the encoding. */
type OnChanged = (page: number, from: number, length: number) => void;

/** Walks through an encoding. False = invalid. */
const walk = (source: Uint8Array, from: number, end: number, onChanged: OnChanged): boolean => {
  let cursor = from;
  let page = 0;
  while (cursor < end) {
    const stayed = readLength(source, cursor, end);
    // Only the first run may have no unchanged bytes.
    if (stayed.bytes === 0 || (cursor > from && stayed.length === 0)) return false;
    cursor += stayed.bytes;
    page += stayed.length;
    const changed = readLength(source, cursor, end);
    if (changed.bytes === 0 || changed.length === 0) return false;
    cursor += changed.bytes;
    if (page + changed.length > pageSizeBytes || cursor + changed.length > end) return false;
    onChanged(page, cursor, changed.length);
    page += changed.length;
    cursor += changed.length;
  }
  return true;
};

export const isXbzrle = (source: Uint8Array, from: number, end: number): boolean =>
  walk(source, from, end, () => undefined);

/**
 * Applies an encoding to the page at `at` of `target`.
 * @returns whether it was valid; if not, the page is corrupted: call `isXbzrle` first.
 */
export const decodeXbzrle = (
  source: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  at: number,
): boolean =>
  walk(source, from, end, (page, cursor, length) => {
    target.set(source.subarray(cursor, cursor + length), at + page);
  });
