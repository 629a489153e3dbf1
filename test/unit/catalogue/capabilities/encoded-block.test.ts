import { describe, expect, test } from '@jest/globals';
import { EncodedBlock } from '#catalogue/capabilities/parts/encoded-block';

describe('the encoded pages of a batch', () => {
  test('are kept in order, however many there are, and taken once', () => {
    const block = new EncodedBlock('dedup');
    const pageBytes = 4097;
    for (let page = 0; page < 600; page++) {
      const { bytes, at } = block.reserve(pageBytes);
      bytes.fill(page % 251, at, at + pageBytes);
      expect(block.add(page, pageBytes, page % 2 === 0)).toBe(pageBytes + 4);
    }
    const taken = block.take();
    expect(taken).toMatchObject({ encoding: 'dedup', wholePages: 300 });
    expect(taken?.pages).toHaveLength(600);
    expect(taken?.data).toHaveLength(600 * pageBytes);
    for (let page = 0; page < 600; page++)
      expect([taken?.data[page * pageBytes], taken?.data[(page + 1) * pageBytes - 1]]).toEqual([
        page % 251,
        page % 251,
      ]);
    expect(block.take()).toBeNull();
  });

  test('do not change while the next batch is being filled', () => {
    const block = new EncodedBlock('xbzrle');
    const write = (value: number): void => {
      const { bytes, at } = block.reserve(2);
      bytes.fill(value, at, at + 2);
      block.add(0, 2, false);
    };
    write(1);
    const taken = block.take();
    write(2);
    expect([...(taken?.data ?? [])]).toEqual([1, 1]);
  });
});
