import type { Discard, EncodedPages, PageBatch } from '#proto/bulk';
import {
  batchContentPagesMax,
  batchEncodedPagesMax,
  batchPagesMax,
  batchZeroPagesMax,
  capabilityNameMax,
  discardedGuestsMax,
  discardRunsMax,
  ramRegion,
} from '#proto/migration';
import type { PageDecoder } from '#catalogue/capability';
import { destinationCounters, noneCounted } from '#catalogue/counters';
import type { BlockSpace, Placed } from '../block-space.ts';
import type { Region } from '../region.ts';
import { PageSet } from '../guest/page-set.ts';
import { demandWithin, violation } from './phase-machine.ts';

const checkRange = (first: number, count: number, blockCount: number): void => {
  if (!(count >= 1 && first >= 0 && first + count <= blockCount))
    throw violation(`expected pages below ${blockCount}, got ${first} and ${count - 1} more`);
};

/** Runs ascend without overlap, so that no page costs twice. @returns their pages. */
const checkRuns = (runs: readonly number[], pagesMax: number, blockCount: number): number => {
  if (runs.length % 2 !== 0) throw violation('expected runs as pairs, got an odd count');
  let total = 0;
  let end = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const first = runs[run]!;
    const count = runs[run + 1]!;
    checkRange(first, count, blockCount);
    if (first < end)
      throw violation(`expected ascending runs, got one at ${first} behind one up to ${end - 1}`);
    end = first + count;
    total += count;
    if (total > pagesMax)
      throw violation(`expected runs of at most ${pagesMax} pages, got ${total} and more`);
  }
  return total;
};

/** What the destination does with arriving pages. */
export class PageReceiver {
  readonly #space: BlockSpace<Region>;
  /** Blocks that have been written here: only these need clearing when they turn out to be zero. */
  readonly #written: PageSet;
  readonly #onInstalled: () => void;
  /** Pages of the message at hand whose bytes are in place. */
  #inPlace: number[] = [];
  /** Once the guest runs here, a page that is present is the guest's own and must not be overwritten. */
  guestRuns = false;
  /** Decoders by encoding: those that the source's Hello announced. */
  decoders: ReadonlyMap<string, PageDecoder> = new Map();
  presentCount = 0;
  /** Blocks that must arrive before the guest runs, and haven't. */
  missingToRun: number;
  readonly received = noneCounted(destinationCounters);
  duplicateArrivals = 0;
  /** Pages that the connection's discards have named. */
  #discarded = 0;

  /** @param onInstalled missing pages have arrived: called once per message, while the guest runs here. */
  constructor(space: BlockSpace<Region>, onInstalled: () => void) {
    this.#space = space;
    this.#written = new PageSet(space.blockCount);
    this.missingToRun = space.placed.reduce(
      (sum, { region }) => sum + (region.canPostcopy ? 0 : region.blockCount),
      0,
    );
    this.#onInstalled = onInstalled;
  }

  get missingCount(): number {
    return this.#space.blockCount - this.presentCount;
  }

  /** @throws LivemigError PROTOCOL_VIOLATION; nothing of the batch is installed then. */
  receive({ region: id, pages, zeroRuns, payload, encoded = [] }: PageBatch): void {
    const placed = this.#placed(id);
    const { blockCount, blockSizeBytes } = placed.region;
    if (pages.length > batchPagesMax || payload.length !== pages.length * blockSizeBytes)
      throw violation(
        `expected at most ${batchPagesMax} pages of ${blockSizeBytes} bytes, got ${pages.length} in ${payload.length} bytes`,
      );
    for (const page of pages) checkRange(page, 1, blockCount);
    checkRuns(zeroRuns, batchZeroPagesMax, blockCount);
    if (encoded.length > 0 && id !== ramRegion)
      throw violation(`expected encoded pages of region ${ramRegion} alone, got some of region ${id}`);
    this.#checkEncoded(pages.length, encoded, blockCount);
    const installers = encoded.map((each) => this.#decoderOf(each).open(each));
    let at = 0;
    for (const page of pages) {
      this.#installPage(placed, page, payload, at);
      at += blockSizeBytes;
    }
    for (let run = 0; run < zeroRuns.length; run += 2)
      for (let page = zeroRuns[run] ?? 0, left = zeroRuns[run + 1] ?? 0; left > 0; page++, left--)
        this.#installZero(placed, page);
    for (const [index, each] of encoded.entries()) this.#installEncoded(placed, each, installers[index]!);
    this.#markInPlace(placed);
  }

  #placed(id: number): Placed<Region> {
    const placed = this.#space.named(id);
    if (placed === undefined) throw violation(`expected a known region, got region ${id}`);
    return placed;
  }

  #installPage({ region, base }: Placed<Region>, page: number, payload: Buffer, at: number): void {
    this.received.pages++;
    if (this.guestRuns && region.isPresent(page)) {
      this.duplicateArrivals++;
      return;
    }
    region.copyFrom(page, payload, at);
    this.#written.add(base + page);
    this.#inPlace.push(page);
  }

  #installZero({ region, base }: Placed<Region>, page: number): void {
    this.received.zeroPages++;
    if (this.guestRuns && region.isPresent(page)) {
      this.duplicateArrivals++;
      return;
    }
    if (this.#written.has(base + page)) region.clear(page);
    this.#markPresent(region, page);
  }

  #installEncoded(
    { region, base }: Placed<Region>,
    { pages }: EncodedPages,
    install: (index: number) => void,
  ): void {
    this.received.encodedPages += pages.length;
    for (const [index, page] of pages.entries()) {
      if (this.guestRuns && region.isPresent(page)) {
        this.duplicateArrivals++;
        continue;
      }
      install(index);
      this.#written.add(base + page);
      this.#inPlace.push(page);
    }
  }

  /**
   * The present bits are set after the bytes: a vCPU that sees one reads them. They are set together, with one wake-up
   * for the message: page by page, a vCPU just behind the push would wait and be woken at every page, which costs ten
   * times what the copy does (10 Gb/s then carries under 2 Gb/s).
   */
  #markInPlace({ region }: Placed<Region>): void {
    for (const page of this.#inPlace) this.#markPresent(region, page);
    this.#inPlace = [];
    // Before the guest runs here, nobody waits for a page.
    if (this.guestRuns) this.#onInstalled();
  }

  #markPresent(region: Region, page: number): void {
    if (!region.markPresent(page)) return;
    this.presentCount++;
    if (!region.canPostcopy) this.missingToRun--;
  }

  /** Marks pages as missing again. @throws LivemigError PROTOCOL_VIOLATION */
  discard({ region: id, runs }: Discard): void {
    const { region } = this.#placed(id);
    if (!region.canPostcopy)
      throw violation(`expected discards of what can come after the switchover, got some of region ${id}`);
    const { blockCount } = this.#space;
    demandWithin('runs of a discard', runs.length / 2, 1, discardRunsMax);
    const count = checkRuns(runs, region.blockCount, region.blockCount);
    demandWithin('pages of all discards', this.#discarded + count, 1, discardedGuestsMax * blockCount);
    this.#discarded += count;
    for (let run = 0; run < runs.length; run += 2) {
      const hadCome = region.markMissing(runs[run] ?? 0, runs[run + 1] ?? 0);
      this.presentCount -= hadCome;
      this.received.discardedPages += hadCome;
    }
  }

  /** The connection is lost; discards are sent again over the next one. */
  connectionLost(): void {
    this.#discarded = 0;
  }

  #decoderOf({ encoding }: EncodedPages): PageDecoder {
    const decoder = this.decoders.get(encoding);
    if (decoder !== undefined) return decoder;
    throw violation(
      `expected no pages encoded by ${JSON.stringify(encoding.slice(0, capabilityNameMax))}, as the hello doesn't name it`,
    );
  }

  /** Checks before anything is decoded, as a few bytes may expand to many. */
  #checkEncoded(wholePages: number, encoded: readonly EncodedPages[], blockCount: number): void {
    let contentPages = wholePages;
    for (const [index, each] of encoded.entries()) {
      const { encoding, pages } = each;
      this.#decoderOf(each);
      if (encoded.findIndex((other) => other.encoding === encoding) !== index)
        throw violation(`expected pages of ${encoding} once in a message, got them again`);
      demandWithin(`pages of ${encoding}`, pages.length, 1, batchEncodedPagesMax);
      contentPages += pages.length;
    }
    demandWithin('pages with content in a message', contentPages, 0, batchContentPagesMax);
    for (const { pages } of encoded) for (const page of pages) checkRange(page, 1, blockCount);
  }
}
