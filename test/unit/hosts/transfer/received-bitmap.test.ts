import { describe, expect, test } from '@jest/globals';
import { PageSet } from '#hosts/guest/page-set';
import { BlockSpace } from '#hosts/block-space';
import type { Region } from '#hosts/region';
import type { RegionShape } from '#proto/migration';
import { addReceived, receivedChunks } from '#hosts/transfer/received-bitmap';

/** A guest with two regions: blocks from `pageCount` on are of the second one. */
const spaceOf = (pageCount: number, present: readonly number[] = []): BlockSpace<Region> => {
  const region = (id: number, blockCount: number, base: number) => ({
    ...({ id, name: `region ${id}`, blockSizeBytes: 4096, blockCount } satisfies RegionShape),
    isPresent: (block: number) => present.includes(base + block),
  });
  return new BlockSpace([region(0, pageCount, 0), region(1, 20, pageCount)] as unknown as Region[]);
};

const roundTrip = (pageCount: number, present: readonly number[]): number[] => {
  const space = spaceOf(pageCount, present);
  const pages = new PageSet(space.blockCount);
  for (const chunk of receivedChunks(space)) expect(addReceived(pages, space, chunk)).toBeNull();
  return [...pages.runs()].flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
};

describe('the bitmap of received pages', () => {
  test.each([
    [1, []],
    [1, [0]],
    [13, [0, 7, 8, 12]],
    [13, [12, 13, 30, 32]],
    [(1 << 18) + 3, [0, (1 << 18) - 1, 1 << 18, (1 << 18) + 2]],
  ])('says of %i pages which have arrived', (pageCount, present) => {
    expect(roundTrip(pageCount, present)).toEqual(present);
  });

  test.each([
    ['that begins within a byte', 1, 1],
    ['that goes beyond the guest', 0, 3],
    ['behind it', 24, 1],
  ])('one %s is refused, and adds nothing', (_, firstPage, bytes) => {
    const space = spaceOf(13);
    const pages = new PageSet(space.blockCount);
    expect(addReceived(pages, space, { region: 0, firstPage, bitmap: Buffer.alloc(bytes, 0xff) })).toMatch(
      /of 13$/,
    );
    expect(pages.count).toBe(0);
  });
});
