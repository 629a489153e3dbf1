import type { EncodedPages, OutgoingBatch } from '#proto/bulk';
import { batchEncodedPagesMax, batchZeroPagesMax, ramRegion } from '#proto/migration';
import { pageSizeBytes } from '#proto/units';
import type { Compressor, PageEncoder, PageOrder } from '#catalogue/capability';
import type { BlockSpace, Placed } from '../block-space.ts';
import type { Region } from '../region.ts';
import { PageSet } from '../guest/page-set.ts';

/** Pages that cost no payload, zero pages and unchanged ones, still cost the time to look at them. */
const freePagesMax = batchZeroPagesMax;

/** The same runs in ascending order, even if the pages' order wraps around or is set by a capability. */
const ascending = (runs: number[]): number[] => {
  let isAscending = true;
  for (let run = 2; run < runs.length; run += 2) isAscending &&= runs[run - 2]! < runs[run]!;
  if (isAscending) return runs;
  const pairs = Array.from({ length: runs.length / 2 }, (_, run) => runs.slice(2 * run, 2 * run + 2));
  return pairs.sort(([first = 0], [second = 0]) => first - second).flat();
};

/** How pages may travel other than whole. */
export interface Encodings {
  /** A page of zeros as part of a run. */
  zeroPages: boolean;
  /** Asked one after the other. */
  encoders: readonly PageEncoder[];
  /** Applied to a whole batch on its way out. */
  compressors: readonly Compressor[];
}

/** A batch being filled: each page travels in a run of zero pages, encoded, or whole. */
class Draft {
  readonly #region: Region;
  readonly #base: number;
  readonly #encodings: Encodings;
  readonly #whole: number[] = [];
  readonly #zeroRuns: number[] = [];
  payloadBytes = 0;
  zeroPages = 0;
  encodedPages = 0;
  unchangedPages = 0;

  constructor({ region, base }: Placed<Region>, encodings: Encodings) {
    this.#region = region;
    this.#base = base;
    this.#encodings = encodings;
  }

  /** @param block its global number */
  add(block: number): void {
    const page = block - this.#base;
    if (this.#encodings.zeroPages && this.#region.isZero(page)) this.#addZero(page);
    else this.#addContent(page);
  }

  #addContent(page: number): void {
    const { encoders } = this.#encodings;
    for (const encoder of encoders) {
      const bytes = encoder.take(page);
      if (bytes === null) continue;
      if (bytes === 0) this.unchangedPages++;
      else {
        this.encodedPages++;
        this.payloadBytes += bytes;
        this.#forget(page, encoder);
      }
      return;
    }
    this.#forget(page);
    this.#whole.push(page);
    this.payloadBytes += this.#region.blockSizeBytes;
  }

  #forget(page: number, except?: PageEncoder): void {
    for (const encoder of this.#encodings.encoders) if (encoder !== except) encoder.forget?.(page);
  }

  #addZero(page: number): void {
    const runs = this.#zeroRuns;
    const last = runs.length - 2;
    this.zeroPages++;
    this.#forget(page);
    const end = last < 0 ? -1 : runs[last]! + runs[last + 1]!;
    if (end === page) runs[last + 1]!++;
    else runs.push(page, 1);
  }

  /** Whether another page would make it longer than `wantedBytes` or the longest message. */
  isFull(wantedBytes: number): boolean {
    return (
      (this.payloadBytes > 0 && this.payloadBytes + this.#region.blockSizeBytes > wantedBytes) ||
      this.zeroPages + this.unchangedPages >= freePagesMax ||
      this.encodedPages >= batchEncodedPagesMax
    );
  }

  finish(next: number): TakenBatch {
    const region = this.#region;
    const batch: OutgoingBatch = {
      region: region.id,
      blockSizeBytes: region.blockSizeBytes,
      pages: Uint32Array.from(this.#whole),
      zeroRuns: ascending(this.#zeroRuns),
      copyPage: (page, target, at) => {
        region.copyTo(page, target, at);
      },
    };
    const encoded = this.#encodings.encoders.flatMap((encoder) => encoder.flush() ?? []);
    if (encoded.length > 0) batch.encoded = encoded;
    const wholeWithin = new Map(encoded.map(({ encoding, wholePages }) => [encoding, wholePages]));
    return { batch, next, zeroPages: this.zeroPages, wholeWithin };
  }
}

export interface TakenBatch {
  batch: OutgoingBatch;
  zeroPages: number;
  /** Pages that travel in full although they are counted as encoded, by encoding. */
  wholeWithin: ReadonlyMap<string, number>;
  /** The page after the last one taken. */
  next: number;
}

/** Makes batches of the guest's blocks, each of one region. */
export class Batcher {
  readonly #space: BlockSpace<Region>;
  readonly #encodings: Encodings;
  readonly #overtaking: Encodings;
  /**
   * Pages known to be unsent: those that the last sync found dirty and that have not been taken since (QEMU's
   * migration_dirty_pages, whose bytes are `ram.remaining`). At first every page.
   */
  readonly unsent: PageSet;
  /** Null = ascending, as the strategy says. */
  order: PageOrder | null = null;

  constructor(space: BlockSpace<Region>, encodings: Encodings) {
    this.#space = space;
    this.#encodings = encodings;
    this.unsent = PageSet.all(space.blockCount);
    this.#overtaking = {
      ...encodings,
      encoders: encodings.encoders.filter(({ isOrdered }) => isOrdered !== true),
    };
  }

  /**
   * Takes pages worth `wanted` whole ones in bytes, and the zero pages between them, out of `pages`, ascending from
   * page `from` and wrapping around.
   * @param skip pages that are taken out but left out of the batch.
   */
  take(pages: PageSet, from: number, wanted: number, skip?: (page: number) => boolean): TakenBatch {
    const wantedBytes = Math.min(wanted, this.order?.batchPagesMax ?? Infinity) * pageSizeBytes;
    let cursor = from;
    let placed = this.#space.placed[0]!;
    let draft: Draft | null = null;
    while (pages.count > 0 && draft?.isFull(wantedBytes) !== true) {
      const page = this.order === null ? pages.nextAround(cursor) : this.order.next(pages, cursor);
      if (draft === null) {
        placed = this.#space.at(page);
        draft = this.#draftOf(placed, this.#encodings);
      } else if (page < placed.base || page >= placed.end) break;
      pages.delete(page);
      cursor = page + 1;
      if (skip?.(page) === true) continue;
      draft.add(page);
      this.unsent.delete(page);
    }
    draft ??= this.#draftOf(placed, this.#encodings);
    return draft.finish(cursor);
  }

  /** Capabilities apply to pages of RAM; blocks of other regions travel as zeros, or whole. */
  #draftOf(placed: Placed<Region>, encodings: Encodings): Draft {
    const { id, elidesZeros: zeroPages = encodings.zeroPages } = placed.region;
    return new Draft(placed, id === ramRegion ? encodings : { ...encodings, zeroPages, encoders: [] });
  }

  /** The same batch, made shorter by a compressor if possible. */
  async compressed(taken: TakenBatch): Promise<TakenBatch> {
    let { batch } = taken;
    if (batch.region !== ramRegion) return taken;
    for (const compressor of this.#encodings.compressors) batch = await compressor.compress(batch);
    return { ...taken, batch };
  }

  /** A batch of one page, which may overtake others. */
  one(page: number): TakenBatch {
    return this.these([page]);
  }

  /** A batch of these blocks of one region, ascending; at least one. */
  these(blocks: readonly number[]): TakenBatch {
    const draft = this.#draftOf(this.#space.at(blocks[0]!), this.#overtaking);
    for (const block of blocks) {
      draft.add(block);
      this.unsent.delete(block);
    }
    return draft.finish(blocks.at(-1)! + 1);
  }

  /** All blocks of a batch, by global number, whichever way they travel. */
  blocksOf(batch: OutgoingBatch): number[] {
    const { base } = this.#space.named(batch.region)!;
    const pages = pagesOf(batch);
    return base === 0 ? pages : pages.map((page) => base + page);
  }
}

/** Whether a batch has nothing in it. */
export const isEmpty = ({ pages, zeroRuns, encoded }: OutgoingBatch): boolean =>
  pages.length === 0 && zeroRuns.length === 0 && encoded === undefined;

/** By their numbers in the region. */
const pagesOf = ({ pages, zeroRuns, encoded = [] }: OutgoingBatch): number[] => {
  const zeroPages = Array.from({ length: zeroRuns.length / 2 }, (_, run) =>
    Array.from({ length: zeroRuns[2 * run + 1]! }, (__, index) => zeroRuns[2 * run]! + index),
  );
  return [...pages, ...zeroPages.flat(), ...encoded.flatMap((each) => each.pages)];
};

/** How many pages of a batch travel in full, and how many encoded, by encoding: each page counts once. */
export const travelOf = ({
  batch,
  wholeWithin,
}: Pick<TakenBatch, 'batch' | 'wholeWithin'>): {
  full: number;
  encoded: [encoding: string, pages: number][];
} => {
  const encodings = batch.encoded ?? [];
  const whole = (encoding: string): number => wholeWithin.get(encoding) ?? 0;
  return {
    full: encodings.reduce((sum, { encoding }) => sum + whole(encoding), batch.pages.length),
    encoded: encodings.map(({ encoding, pages }) => [encoding, pages.length - whole(encoding)]),
  };
};

/** Payload bytes: whole pages, and encoded ones with their numbers. */
export const pageBytesOf = ({ pages, encoded, blockSizeBytes }: OutgoingBatch): number =>
  pages.length * blockSizeBytes + encodedBytesOf(encoded);

/** Those of encoded pages, with their numbers. */
export const encodedBytesOf = (encoded: readonly EncodedPages[] = []): number =>
  encoded.reduce((sum, { pages, data }) => sum + pages.length * 4 + data.length, 0);
