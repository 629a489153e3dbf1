import type { EncodedPages, OutgoingBatch } from '../../proto/bulk.ts';
import { batchEncodedPagesMax, batchZeroPagesMax } from '../../proto/migration.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { Compressor, PageEncoder, PageOrder } from '../capabilities/capability.ts';
import type { GuestMemory } from '../guest/memory.ts';
import { PageSet } from '../guest/page-set.ts';

/** Pages that cost no payload, zero pages and unchanged ones, still cost the time to look at them. */
const freePagesMax = batchZeroPagesMax;

/** The same runs, ascending: where the pages' order wraps around, or is a capability's, theirs doesn't. */
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
  /** What a whole batch goes through on its way out. */
  compressors: readonly Compressor[];
}

/** A batch in the making: each page travels in a run of zero pages, encoded, or whole. */
class Draft {
  readonly #memory: GuestMemory;
  readonly #encodings: Encodings;
  readonly #whole: number[] = [];
  readonly #zeroRuns: number[] = [];
  payloadBytes = 0;
  zeroPages = 0;
  encodedPages = 0;
  unchangedPages = 0;

  constructor(memory: GuestMemory, encodings: Encodings) {
    this.#memory = memory;
    this.#encodings = encodings;
  }

  add(page: number): void {
    if (this.#encodings.zeroPages && this.#memory.isZeroPage(page)) this.#addZero(page);
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
    this.payloadBytes += pageSizeBytes;
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

  /** Whether another page would make it longer than `wantedBytes`, or than a message may be. */
  isFull(wantedBytes: number): boolean {
    return (
      this.payloadBytes + pageSizeBytes > wantedBytes ||
      this.zeroPages + this.unchangedPages >= freePagesMax ||
      this.encodedPages >= batchEncodedPagesMax
    );
  }

  finish(copyPage: OutgoingBatch['copyPage'], next: number): TakenBatch {
    const batch: OutgoingBatch = {
      pages: Uint32Array.from(this.#whole),
      zeroRuns: ascending(this.#zeroRuns),
      copyPage,
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
  /** Pages that travel in full although they are among the encoded ones, by encoding. */
  wholeWithin: ReadonlyMap<string, number>;
  /** The page after the last one taken. */
  next: number;
}

/** Makes batches of the guest's pages. */
export class Batcher {
  readonly #memory: GuestMemory;
  readonly #encodings: Encodings;
  readonly #overtaking: Encodings;
  readonly #copyPage: OutgoingBatch['copyPage'];
  /**
   * Pages that are still to be sent as far as is known: those that the last sync found dirty and that have not been taken
   * since (QEMU's migration_dirty_pages, whose bytes are `ram.remaining`). At first every page.
   */
  readonly unsent: PageSet;
  /** Null = ascending, as the strategy says. */
  order: PageOrder | null = null;

  constructor(memory: GuestMemory, encodings: Encodings) {
    this.#memory = memory;
    this.#encodings = encodings;
    this.unsent = PageSet.all(memory.pageCount);
    this.#overtaking = {
      ...encodings,
      encoders: encodings.encoders.filter(({ isOrdered }) => isOrdered !== true),
    };
    this.#copyPage = (page, target, at) => {
      memory.copyTo(page, target, at);
    };
  }

  /**
   * Takes as many pages as `wanted` whole ones are bytes, and the zero pages between them, out of `pages`, ascending
   * from page `from` and wrapping around.
   * @param skip pages that are taken out but left out of the batch.
   */
  take(pages: PageSet, from: number, wanted: number, skip?: (page: number) => boolean): TakenBatch {
    const draft = new Draft(this.#memory, this.#encodings);
    const wantedBytes = Math.min(wanted, this.order?.batchPagesMax ?? Infinity) * pageSizeBytes;
    let cursor = from;
    while (pages.count > 0 && !draft.isFull(wantedBytes)) {
      const page = this.order === null ? pages.nextAround(cursor) : this.order.next(pages, cursor);
      pages.delete(page);
      cursor = page + 1;
      if (skip?.(page) === true) continue;
      draft.add(page);
      this.unsent.delete(page);
    }
    return draft.finish(this.#copyPage, cursor);
  }

  /** The same batch, shorter where a compressor makes it so. */
  async compressed(taken: TakenBatch): Promise<TakenBatch> {
    let { batch } = taken;
    for (const compressor of this.#encodings.compressors) batch = await compressor.compress(batch);
    return { ...taken, batch };
  }

  /** A batch of one page, which may overtake others. */
  one(page: number): TakenBatch {
    const draft = new Draft(this.#memory, this.#overtaking);
    draft.add(page);
    this.unsent.delete(page);
    return draft.finish(this.#copyPage, page + 1);
  }
}

/** Whether a batch has nothing in it. */
export const isEmpty = ({ pages, zeroRuns, encoded }: OutgoingBatch): boolean =>
  pages.length === 0 && zeroRuns.length === 0 && encoded === undefined;

/** All pages of a batch, whichever way they travel. */
export const pagesOf = ({ pages, zeroRuns, encoded = [] }: OutgoingBatch): number[] => {
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

/** Bytes of what is between the page numbers: whole pages, and encoded ones with their numbers. */
export const pageBytesOf = ({ pages, encoded }: OutgoingBatch): number =>
  (encoded ?? []).reduce(
    (sum: number, { pages: numbers, data }: EncodedPages) => sum + numbers.length * 4 + data.length,
    pages.length * pageSizeBytes,
  );
