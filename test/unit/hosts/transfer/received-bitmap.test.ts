import { describe, expect, test } from '@jest/globals';
import { PageSet } from '../../../../hosts/guest/page-set.ts';
import { addReceived, receivedChunks } from '../../../../hosts/transfer/received-bitmap.ts';

const roundTrip = (pageCount: number, present: readonly number[]): number[] => {
  const pages = new PageSet(pageCount);
  for (const chunk of receivedChunks(pageCount, (page) => present.includes(page)))
    expect(addReceived(pages, chunk)).toBeNull();
  return [...pages.runs()].flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
};

describe('the bitmap of received pages', () => {
  test.each([
    [1, []],
    [1, [0]],
    [13, [0, 7, 8, 12]],
    [(1 << 18) + 3, [0, (1 << 18) - 1, 1 << 18, (1 << 18) + 2]],
  ])('tells of %i pages which are there', (pageCount, present) => {
    expect(roundTrip(pageCount, present)).toEqual(present);
  });

  test.each([
    ['that begins within a byte', 1, 1],
    ['that goes beyond the guest', 0, 3],
    ['behind it', 24, 1],
  ])('one %s is refused, and adds nothing', (_, firstPage, bytes) => {
    const pages = new PageSet(13);
    expect(addReceived(pages, { firstPage, bitmap: Buffer.alloc(bytes, 0xff) })).toMatch(/of 13$/);
    expect(pages.count).toBe(0);
  });
});
