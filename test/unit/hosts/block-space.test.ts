import { describe, expect, test } from '@jest/globals';
import { BlockSpace } from '#hosts/block-space';
import { PageSet } from '#hosts/guest/page-set';

const ram = { id: 0, name: 'ram', blockSizeBytes: 4096, blockCount: 70 };
const disk = { id: 4, name: 'disk', blockSizeBytes: 65_536, blockCount: 9 };

describe('all blocks of a guest in one sequence', () => {
  const space = new BlockSpace([ram, disk]);

  test('those of RAM come first, those of the next region behind them', () => {
    expect(space.blockCount).toBe(79);
    expect(space.at(69)).toEqual({ region: ram, base: 0, end: 70 });
    expect(space.at(70)).toEqual({ region: disk, base: 70, end: 79 });
    expect(space.named(4)?.base).toBe(70);
    expect(space.named(1)).toBeUndefined();
    expect(() => space.at(79)).toThrow(RangeError);
  });

  test('the bytes of a set are those of its blocks, by region', () => {
    expect(space.bytesOf(PageSet.of(79, [0, 69, 70, 78]))).toBe(2 * 4096 + 2 * 65_536);
    expect(space.bytesOf(PageSet.all(79))).toBe(70 * 4096 + 9 * 65_536);
    expect(new BlockSpace([ram]).bytesOf(PageSet.all(70))).toBe(70 * 4096);
  });

  test('the sets of the regions are joined into one', () => {
    const all = space.gather(({ id, blockCount }) => PageSet.of(blockCount, id === 0 ? [3, 69] : [0, 8]));
    expect([...all.runs()]).toEqual([
      { first: 3, count: 1 },
      { first: 69, count: 2 },
      { first: 78, count: 1 },
    ]);
  });
});
