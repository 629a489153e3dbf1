import type { PageSet } from '../guest/page-set.ts';

/** Which pages the destination has, as it tells when it has connected again (`Received` of migration.proto). */

/** 32 KiB of bitmap. */
const chunkPages = 1 << 18;

export interface ReceivedChunk {
  firstPage: number;
  bitmap: Buffer;
}

export function* receivedChunks(
  pageCount: number,
  isPresent: (page: number) => boolean,
): Generator<ReceivedChunk> {
  for (let firstPage = 0; firstPage < pageCount; firstPage += chunkPages) {
    const count = Math.min(chunkPages, pageCount - firstPage);
    const bitmap = Buffer.alloc(Math.ceil(count / 8));
    for (let index = 0; index < count; index++)
      if (isPresent(firstPage + index)) bitmap[index >>> 3]! |= 1 << (index & 7);
    yield { firstPage, bitmap };
  }
}

/** Adds a chunk's pages. @returns what is wrong with it; null = nothing. */
export const addReceived = (pages: PageSet, { firstPage, bitmap }: ReceivedChunk): string | null => {
  const endPage = firstPage + bitmap.length * 8;
  if (firstPage % 8 !== 0 || endPage >= pages.pageCount + 8)
    return `pages received from ${firstPage} to ${endPage} of ${pages.pageCount}`;
  const spareBits = Math.max(0, endPage - pages.pageCount);
  if (spareBits > 0 && bitmap[bitmap.length - 1]! >>> (8 - spareBits) !== 0)
    return `pages received behind the last of ${pages.pageCount}`;
  for (let page = firstPage; page < Math.min(endPage, pages.pageCount); page++)
    if ((bitmap[(page - firstPage) >>> 3]! & (1 << (page & 7))) !== 0) pages.add(page);
  return null;
};
