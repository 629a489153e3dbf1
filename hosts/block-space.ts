import type { RegionShape } from '#proto/migration';
import { PageSet } from './guest/page-set.ts';
import type { Region } from './region.ts';

/** A region's place among all blocks. */
export interface Placed<R extends RegionShape> {
  region: R;
  /** The number of its block 0. */
  base: number;
  /** The number after its last block. */
  end: number;
}

/**
 * All blocks of a guest numbered consecutively, region after region: a strategy has one set of pending blocks and need
 * not know about regions. RAM is the first, so the numbers of its blocks are those of its pages. On the wire, blocks
 * count from 0 in each region.
 */
export class BlockSpace<R extends RegionShape = RegionShape> {
  readonly placed: readonly Placed<R>[];
  readonly blockCount: number;

  constructor(regions: readonly R[]) {
    let base = 0;
    this.placed = regions.map((region) => {
      const begin = base;
      base += region.blockCount;
      return { region, base: begin, end: base };
    });
    this.blockCount = base;
  }

  get regions(): readonly R[] {
    return this.placed.map(({ region }) => region);
  }

  /** What both ends have to agree on. */
  get shapes(): RegionShape[] {
    return this.regions.map(({ id, name, blockSizeBytes, blockCount }) => ({
      id,
      name,
      blockSizeBytes,
      blockCount,
    }));
  }

  /** undefined = there is no such region. */
  named(id: number): Placed<R> | undefined {
    return this.placed.find(({ region }) => region.id === id);
  }

  /** The region that a block is in. @throws RangeError behind the last one */
  at(block: number): Placed<R> {
    for (const placed of this.placed) if (block < placed.end) return placed;
    throw new RangeError(`block ${block} of ${this.blockCount}`);
  }

  /** Bytes of all blocks. */
  get sizeBytes(): number {
    return this.regions.reduce((sum, { blockCount, blockSizeBytes }) => sum + blockCount * blockSizeBytes, 0);
  }

  /** Bytes of a set's blocks. */
  bytesOf(blocks: PageSet): number {
    const [first, second] = this.placed;
    if (first !== undefined && second === undefined) return blocks.count * first.region.blockSizeBytes;
    return this.placed.reduce(
      (sum, { region, base, end }) => sum + blocks.countIn(base, end) * region.blockSizeBytes,
      0,
    );
  }

  /** Those of a set that can't be sent after the switchover. */
  mustPrecopy(this: BlockSpace<Region>, blocks: PageSet): PageSet {
    const must = new PageSet(this.blockCount);
    for (const { region, base, end } of this.placed)
      for (let block = region.canPostcopy ? -1 : blocks.next(base); block !== -1 && block < end;) {
        must.add(block);
        block = blocks.next(block + 1);
      }
    return must;
  }

  /** Joins one set per region. @param of not called more than once a region */
  gather(of: (region: R) => PageSet): PageSet {
    const [first, ...others] = this.placed;
    if (first !== undefined && others.length === 0) return of(first.region);
    const all = new PageSet(this.blockCount);
    for (const { region, base } of this.placed)
      for (const { first: block, count } of of(region).runs()) all.addRun(base + block, count);
    return all;
  }
}
