import { describe, expect, test } from '@jest/globals';
import { formatBytes, formatMs, formatRate, formatUs, parseBytes } from '#harness/format';

describe('parseBytes', () => {
  test.each([
    ['4096', 4096],
    ['1GiB', 1024 ** 3],
    ['256 MiB', 256 * 1024 ** 2],
    ['1.5gib', 1.5 * 1024 ** 3],
    ['512k', 512 * 1024],
    ['1G', 1024 ** 3],
  ])('%s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', 'GiB', '1GB', '-1MiB', '1e9', '0.3', '1 TiB', '1MiB/s'])('"%s" is not a size', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

describe('format', () => {
  test('bytes', () => {
    expect([0, 812, 1024, 256 * 1024 ** 2, 1.5 * 1024 ** 3].map(formatBytes)).toEqual([
      '0 B',
      '812 B',
      '1 KiB',
      '256 MiB',
      '1.50 GiB',
    ]);
  });

  test('a printed size is read back as itself', () => {
    for (const bytes of [4096, 1024 ** 2, 384 * 1024 ** 2, 16 * 1024 ** 3])
      expect(parseBytes(formatBytes(bytes))).toBe(bytes);
  });

  test('rates and times', () => {
    expect([940, 8520, 10_000].map(formatRate)).toEqual(['940 Mb/s', '8.52 Gb/s', '10 Gb/s']);
    expect([0.25, 12.34, 340.6, 4210, 125_000].map(formatMs)).toEqual([
      '0.25 ms',
      '12.3 ms',
      '341 ms',
      '4.21 s',
      '2 min 05 s',
    ]);
    expect([950, 1200].map(formatUs)).toEqual(['950 µs', '1.20 ms']);
  });
});
