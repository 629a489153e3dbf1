import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeHistory, encodeHistory, readHistory } from '#harness/prediction/history-file';
import { LivemigError } from '#proto/errors';
import { fuzz } from '#test/support/fuzz';
import { paperHistory } from '#test/support/histories';

const history = paperHistory([[0, 10, 20, 1], [], [999, 1]]);

const problemsOf = (bytes: Buffer): readonly string[] => {
  try {
    decodeHistory(bytes, 'a.dirty.zst');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(LivemigError);
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    return (error as LivemigError).problems;
  }
};

/** The file of a history after its unpacked content was changed. @param seal whether it gets a digest that fits. */
const changed = (change: (content: Buffer) => Buffer, seal: boolean): Buffer => {
  const whole = zstdDecompressSync(encodeHistory(history).bytes);
  const content = change(Buffer.from(whole.subarray(0, -32)));
  const digest = seal ? createHash('sha256').update(content).digest() : whole.subarray(-32);
  return zstdCompressSync(Buffer.concat([content, digest]));
};

describe("a history's file", () => {
  test('holds what it was given, under its digest', () => {
    const { bytes, sha256 } = encodeHistory(history);
    const read = decodeHistory(bytes, 'a.dirty.zst');
    expect(read.header).toEqual(history.header);
    expect(read.intervals.map(({ durationMs, runs }) => ({ durationMs, runs: Array.from(runs) }))).toEqual(
      history.intervals,
    );
    expect(read.sha256).toBe(sha256);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is refused once a byte has been changed', () => {
    const flipped = changed((content) => (content.writeUInt8(content.at(-1)! ^ 1, content.length - 1), content), false); // prettier-ignore
    expect(problemsOf(flipped)).toContainEqual(
      expect.stringContaining('its digest is that of other content'),
    );
  });

  test('is refused with all its problems at once', () => {
    const bad = changed((content) => {
      const from = content.indexOf('"intervals":3');
      content.write('"intervals":9', from);
      return content;
    }, false);
    expect(problemsOf(bad)).toEqual([
      expect.stringContaining('its digest is that of other content'),
      expect.stringContaining('header.intervals: expected 3, as there are, got 9'),
    ]);
  });

  test.each([
    ['nothing', Buffer.alloc(0), /compressed by zstd/],
    ['text', Buffer.from('hello'), /compressed by zstd/],
    ['another file', zstdCompressSync(Buffer.alloc(100)), /begins with LMDIRTY1/],
    ['a bomb', zstdCompressSync(Buffer.alloc(200 << 20)), /of \d+ bytes at most/],
    ['a header beyond the file', changed((content) => (content.writeUInt32LE(2 ** 31, 8), content), true), /expected a header of at most/], // prettier-ignore
    [
      'a header that is no JSON',
      changed((content) => (content.fill('x', 12, 40), content), true),
      /header: /,
    ],
    ['a page beyond the RAM', changed((content) => Buffer.concat([content, Buffer.from([1, 1, 0xff, 0x7f, 0])]), true), /intervals: expected the beginning of a run/], // prettier-ignore
  ])('%s is refused', (_, bytes, problem) => {
    expect(problemsOf(bytes)).toEqual([expect.stringMatching(problem)]);
  });

  test('that is not there is refused, and named', () => {
    const directory = mkdtempSync(join(tmpdir(), 'livemig-history-'));
    try {
      expect(() => readHistory(join(directory, 'no.dirty.zst'))).toThrow('there is no such file');
      const file = join(directory, 'a.dirty.zst');
      writeFileSync(file, encodeHistory(history).bytes);
      expect(readHistory(file).header.pageCount).toBe(1000);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  fuzz(
    'that was changed anywhere, with a digest that fits, is a history or BAD_INPUT',
    fc.record({
      at: fc.nat(2000),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
      cut: fc.nat(40),
    }),
    ({ at, bytes, cut }) => {
      const file = changed((content) => {
        content.set(
          bytes.subarray(0, Math.max(0, content.length - (at % content.length))),
          at % content.length,
        );
        return content.subarray(0, content.length - cut);
      }, true);
      problemsOf(file);
    },
    { share: 0.25 },
  );
});
