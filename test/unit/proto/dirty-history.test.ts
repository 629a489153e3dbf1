import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeDirtyIntervals, dirtyIntervalMaxMs, encodeDirtyInterval } from '#proto/dirty-history';
import type { DirtyInterval } from '#proto/dirty-history';
import { fuzz } from '#test/support/fuzz';

const plain = (intervals: readonly DirtyInterval[]) =>
  intervals.map(({ durationMs, runs }) => ({ durationMs, runs: Array.from(runs) }));

const encode = (intervals: readonly DirtyInterval[]): Buffer => Buffer.concat(intervals.map(encodeDirtyInterval)); // prettier-ignore

const pageCount = 5000;
/** Runs that are apart, from gaps and lengths. */
const runs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 })), { maxLength: 12 })
  .map((pairs) => {
    let at = -1;
    return pairs.flatMap(([gap, count]) => {
      const first = at + gap;
      at = first + count;
      return [first, count];
    });
  });
const interval = fc.record({ durationMs: fc.integer({ min: 0, max: dirtyIntervalMaxMs }), runs });

describe('intervals of a history', () => {
  test('are read back unchanged', () => {
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 8 }), (intervals) => {
        expect(plain(decodeDirtyIntervals(encode(intervals), pageCount))).toEqual(plain(intervals));
      }),
      { numRuns: 300 },
    );
  });

  test('encode as computed by hand: 100 ms, pages 3, 4 and 130', () => {
    const blob = encodeDirtyInterval({ durationMs: 100, runs: [3, 2, 130, 1] });
    expect([...blob]).toEqual([0xa0, 0x8d, 0x06, 2, 3, 1, 125, 0]);
  });

  const refusal = (bytes: readonly number[]): unknown => {
    try {
      return decodeDirtyIntervals(Buffer.from(bytes), 100);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as RangeError).message;
    }
  };

  test('are refused with what is wrong', () => {
    expect(refusal([0x80])).toBe('it ends within the length of an interval, at byte 0');
    expect(refusal([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1])).toBe('the length of an interval at byte 0 is too long'); // prettier-ignore
    expect(refusal([1, 100])).toMatch(/^expected a number of runs of 0 at most, got 100/);
    expect(refusal([1, 1, 101, 0])).toMatch(/^expected the beginning of a run of 100 at most, got 101/);
    expect(refusal([1, 1, 90, 10])).toMatch(/^expected the length of a run of 9 at most, got 10/);
    expect(refusal([1, 2, 5, 0, 0, 0])).toMatch(/^run 1 touches the one before/);
  });

  fuzz(
    'of any bytes are intervals or a RangeError, and no more numbers than there are bytes',
    fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 2 ** 22 })),
    ([bytes, pages]) => {
      try {
        const found = decodeDirtyIntervals(Buffer.from(bytes), pages);
        expect(found.reduce((sum, { runs: { length } }) => sum + length, 0)).toBeLessThanOrEqual(
          bytes.length,
        );
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    },
  );
});
