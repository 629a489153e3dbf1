import type { BlockSpace } from '../block-space.ts';
import type { PageSet } from '../guest/page-set.ts';
import type { Region } from '../region.ts';

/** Which pages the destination has, as it reports after reconnecting (`Received` of migration.proto). */

/** 32 KiB of bitmap. */
const chunkPages = 1 << 18;

export interface ReceivedChunk {
  region: number;
  firstPage: number;
  bitmap: Buffer;
}

/** One region after another. */
export function* receivedChunks(space: BlockSpace<Region>): Generator<ReceivedChunk> {
  for (const region of space.regions)
    for (let firstPage = 0; firstPage < region.blockCount; firstPage += chunkPages) {
      const count = Math.min(chunkPages, region.blockCount - firstPage);
      const bitmap = Buffer.alloc(Math.ceil(count / 8));
      for (let index = 0; index < count; index++)
        if (region.isPresent(firstPage + index)) bitmap[index >>> 3]! |= 1 << (index & 7);
      yield { region: region.id, firstPage, bitmap };
    }
}

/** Adds a chunk's pages to a set of all blocks. @returns what is wrong with it; null = nothing. */
export const addReceived = (
  blocks: PageSet,
  space: BlockSpace,
  { region, firstPage, bitmap }: ReceivedChunk,
): string | null => {
  const placed = space.named(region);
  if (placed === undefined) return `pages received of region ${region}, which there is not`;
  const { blockCount } = placed.region;
  const endPage = firstPage + bitmap.length * 8;
  if (firstPage % 8 !== 0 || endPage >= blockCount + 8)
    return `pages received from ${firstPage} to ${endPage} of ${blockCount}`;
  const spareBits = Math.max(0, endPage - blockCount);
  if (spareBits > 0 && bitmap[bitmap.length - 1]! >>> (8 - spareBits) !== 0)
    return `pages received behind the last of ${blockCount}`;
  for (let page = firstPage; page < Math.min(endPage, blockCount); page++)
    if ((bitmap[(page - firstPage) >>> 3]! & (1 << (page & 7))) !== 0) blocks.add(placed.base + page);
  return null;
};
