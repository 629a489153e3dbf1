import { describe, expect, test } from '@jest/globals';
import { CodecChooser, lookEveryBatches } from '#catalogue/capabilities/parts/zstd/chooser';

const mbpsToBytesPerMs = (mbps: number): number => (mbps * 1000) / 8;

/** A chooser that has seen a link of this rate, and the result of each level. */
const chooserOn = (mbps: number, seen: Record<number, { mbPerS: number; ratio: number }>): CodecChooser => {
  const chooser = new CodecChooser([1, 3]);
  for (let atMs = 0; atMs <= 1000; atMs += 10) chooser.confirmed(atMs, atMs * mbpsToBytesPerMs(mbps));
  for (const [level, { mbPerS, ratio }] of Object.entries(seen))
    chooser.saw(Number(level), 1e6, ratio * 1e6, 1e6 / (mbPerS * 1000));
  return chooser;
};
const compressible = { 1: { mbPerS: 500, ratio: 0.35 }, 3: { mbPerS: 250, ratio: 0.3 } };
const random = { 1: { mbPerS: 900, ratio: 1.0003 }, 3: { mbPerS: 800, ratio: 1.0003 } };

describe('auto', () => {
  test.each([
    ['compressible pages on a slow link: the stronger level', 100, compressible, 3],
    ['on 1 Gb/s: the level whose thread keeps up', 1000, compressible, 1],
    ['on 10 Gb/s: raw', 10_000, compressible, 'raw'],
    ['random pages on 1 Gb/s: raw', 1000, random, 'raw'],
    ['random pages on 10 Gb/s: raw', 10_000, random, 'raw'],
  ] as const)('%s', (_, mbps, seen, codec) => {
    expect(chooserOn(mbps, seen).choose()).toBe(codec);
  });

  test('knows nothing: raw, which measures the link', () => {
    const chooser = new CodecChooser([1]);
    chooser.saw(1, 1e6, 1e5, 1);
    expect(chooser.choose()).toBe('raw');
  });

  test('pages that become incompressible are noticed at the next looks', () => {
    const chooser = chooserOn(1000, compressible);
    for (let look = 0; look < 6; look++) for (const level of [1, 3]) chooser.saw(level, 65_536, 65_560, 0.1);
    expect(chooser.choose()).toBe('raw');
  });

  test('bandwidth is that of the best recent span, which an idle link does not erase', () => {
    const chooser = chooserOn(1000, {});
    for (let atMs = 1000; atMs < 1900; atMs += 100) chooser.confirmed(atMs, 1000 * mbpsToBytesPerMs(1000));
    expect(chooser.bandwidth).toBeCloseTo(mbpsToBytesPerMs(1000));
    for (let atMs = 1900; atMs < 4000; atMs += 100) chooser.confirmed(atMs, 1000 * mbpsToBytesPerMs(1000));
    expect(chooser.bandwidth).toBe(0);
  });

  const looksOf = (chooser: CodecChooser, batches: number): number[] =>
    Array.from({ length: batches }, () => chooser.isLookDue()).flatMap((isDue, batch) =>
      isDue ? [batch] : [],
    );

  test('a look is due at the first batch, and then less and less often', () => {
    expect(looksOf(new CodecChooser([1]), 500)).toEqual([0, 16, 48, 112, 240, 496]);
  });

  test('a disturbed look is repeated', () => {
    const chooser = chooserOn(1000, {});
    const looks: number[] = [];
    for (let batch = 0; batch < 12; batch++) {
      if (chooser.isLookDue()) {
        // Too slow by a quarter, and as fast as it is the third time.
        chooser.tried(1, 1e6, 0.35e6, looks.length < 2 ? 10 : 4);
        looks.push(batch);
      }
      expect(chooser.choose()).toBe(looks.length < 3 ? 'raw' : 1);
    }
    expect(looks).toEqual([0, 4, 8]);
    chooser.tried(1, 1e6, 0.35e6, 12);
    expect(chooser.choose()).toBe(1);
  });

  test('doubt ends', () => {
    const chooser = chooserOn(1000, {});
    const looks = Array.from({ length: 60 }, () => {
      const isDue = chooser.isLookDue();
      if (isDue) chooser.tried(1, 1e6, 0.35e6, 10);
      chooser.choose();
      return isDue;
    });
    expect(looks.flatMap((isDue, batch) => (isDue ? [batch] : []))).toEqual([0, 4, 8, 12]);
  });

  test.each([
    ['not compressible', 1.0003, 12],
    ['by far too slow', 0.35, 40],
  ])('there is no doubt where pages are %s', (_, ratio, ms) => {
    const chooser = chooserOn(1000, {});
    const looks = Array.from({ length: 100 }, () => {
      const isDue = chooser.isLookDue();
      if (isDue) chooser.tried(1, 1e6, ratio * 1e6, ms);
      chooser.choose();
      return isDue;
    });
    expect(looks.flatMap((isDue, batch) => (isDue ? [batch] : []))).toEqual([0, 16, 48]);
  });

  test('while a level is in use, looks keep coming', () => {
    const chooser = chooserOn(1000, compressible);
    const looks = Array.from({ length: 3 * lookEveryBatches }, () => {
      const isDue = chooser.isLookDue();
      chooser.choose();
      return isDue;
    });
    expect(looks.flatMap((isDue, batch) => (isDue ? [batch] : []))).toEqual([0, 16, 80, 144]);
  });

  test('a compressor that does not fill the link does not make the link look slow', () => {
    const chooser = chooserOn(10_000, { 1: { mbPerS: 2000, ratio: 0.3 } });
    let bytes = 1000 * mbpsToBytesPerMs(10_000);
    expect(chooser.choose()).toBe(1);
    for (let atMs = 1000; atMs < 5000; atMs += 10) {
      chooser.confirmed(atMs, bytes);
      bytes += 10 * mbpsToBytesPerMs(600);
      chooser.choose();
    }
    expect(chooser.bandwidth).toBeCloseTo(mbpsToBytesPerMs(10_000));
  });
});
