import { describe, expect, test } from '@jest/globals';
import { decodeXbzrle, encodeXbzrle, isXbzrle } from '#catalogue/capabilities/parts/xbzrle/codec';
import type { PageView } from '#catalogue/capabilities/parts/xbzrle/codec';

const viewOf = (content: Uint8Array, at = 0): PageView => {
  const buffer = new ArrayBuffer(at + 4096);
  const bytes = new Uint8Array(buffer);
  bytes.set(content, at);
  return { bytes, words: new Int32Array(buffer), at };
};
const page = (...changes: [at: number, ...bytes: number[]][]): Uint8Array => {
  const bytes = new Uint8Array(4096);
  for (const [at, ...values] of changes) bytes.set(values, at);
  return bytes;
};
const encode = (before: Uint8Array, after: Uint8Array): Buffer | -1 => {
  const target = Buffer.alloc(5000);
  const length = encodeXbzrle(viewOf(before, 4096), viewOf(after), target, 3);
  return length === -1 ? -1 : target.subarray(3, 3 + length);
};
const decode = (encoding: Uint8Array, before: Uint8Array): Uint8Array => {
  const target = Buffer.concat([Buffer.alloc(8), before]);
  expect(isXbzrle(encoding, 0, encoding.length)).toBe(true);
  expect(decodeXbzrle(encoding, 0, encoding.length, target, 8)).toBe(true);
  return target.subarray(8);
};

test("the example in QEMU's docs/devel/migration/xbzrle.rst, byte for byte", () => {
  const before = page([1001, ...[...Array(15).keys()].map((n) => n + 5), 0x68, 0, 0, 0x6b, 0, 0x6d]);
  const after = page([1001, ...[...Array(15).keys()].map((n) => n + 1), 0x68, 0, 0, 0x67, 0, 0x69]);
  const encoding = encode(before, after);
  expect(encoding).toEqual(Buffer.from('e9070f0102030405060708090a0b0c0d0e0f03016701' + '0169', 'hex'));
  expect(encoding).toHaveLength(24);
  expect(Buffer.from(decode(encoding as Buffer, before)).equals(after)).toBe(true);
});

/** QEMU's tests/unit/test-xbzrle.c, case by case. */
describe("QEMU's unit tests", () => {
  const pattern = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.repeat(160).slice(0, 1006);

  test('encode_decode_zero: a page against itself encodes to nothing', () => {
    const same = page([0, ...Buffer.from(pattern)]);
    expect(encode(same, Uint8Array.from(same))).toHaveLength(0);
  });

  test('encode_decode_unchanged: bytes that no run of changes reaches stay', () => {
    const after = Uint8Array.from({ length: 4096 }, (_, at) => (at < 1006 ? 0 : 0x5a));
    const before = Uint8Array.from(after);
    before[1006] = 1;
    expect(encode(before, after)).toEqual(Buffer.from([0xee, 0x07, 0x01, 0x5a]));
  });

  test('encode_decode_1_byte', () => {
    const encoding = encode(page(), page([4095, 1]));
    expect(encoding).toEqual(Buffer.from([0xff, 0x1f, 0x01, 0x01]));
    expect(decode(encoding as Buffer, page())[4095]).toBe(1);
  });

  test('encode_decode_overflow: every other byte changed is longer than the page', () => {
    const after = Uint8Array.from({ length: 4096 }, (_, at) => at % 2);
    expect(encode(page(), after)).toBe(-1);
  });

  test('encode_decode_range: random changes at random places', () => {
    let state = 88172645;
    const random = (below: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    for (let time = 0; time < 10_000; time++) {
      const before = Uint8Array.from({ length: 4096 }, () => random(4));
      const after = Uint8Array.from(before);
      const from = random(4096);
      for (let at = from; at < Math.min(4096, from + random(300)); at++) after[at] = random(256);
      const encoding = encode(before, after);
      if (encoding === -1) continue;
      expect(Buffer.compare(decode(encoding, before), after)).toBe(0);
    }
  });
});

test('one changed byte costs four bytes, a whole new page is an overflow', () => {
  expect(encode(page(), page([2000, 7]))).toHaveLength(4);
  expect(encode(page(), new Uint8Array(4096).fill(7))).toBe(-1);
});

test.each([
  ['a run that goes over the page', [0xff, 0x1f, 2, 1, 1]],
  ['a run longer than the encoding', [0, 3, 1, 1]],
  ['no bytes that changed', [5, 0]],
  ['a second run without bytes that stayed', [0, 1, 9, 0, 1, 9]],
  ['a number cut off', [0x80]],
  ['a number of three bytes', [0x80, 0x80, 1, 1, 1]],
  ['what stayed and nothing behind it', [5]],
])('refuses %s', (_, bytes) => {
  const encoding = Uint8Array.from(bytes);
  expect(isXbzrle(encoding, 0, encoding.length)).toBe(false);
  expect(decodeXbzrle(encoding, 0, encoding.length, new Uint8Array(4096), 0)).toBe(false);
});
