import type { EncodedPages, PageBatch } from '../../proto/bulk.ts';
import {
  batchContentPagesMax,
  batchEncodedPagesMax,
  batchPagesMax,
  batchZeroPagesMax,
  capabilityNameMax,
  discardedGuestsMax,
  discardRunsMax,
} from '../../proto/migration.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { PageDecoder } from '../capabilities/capability.ts';
import type { GuestMemory } from '../guest/memory.ts';
import { PageSet } from '../guest/page-set.ts';
import { demandWithin, violation } from './phase-machine.ts';

/** What the destination does with pages that come. */
export class PageReceiver {
  readonly #memory: GuestMemory;
  /** Pages whose memory has been written here: only these need clearing when they turn out to be zero. */
  readonly #written: PageSet;
  readonly #onInstalled: () => void;
  /** Pages of the message at hand whose bytes are in place. */
  #inPlace: number[] = [];
  /** Once the guest runs here, a page that is present is the guest's own and must not be overwritten. */
  guestRuns = false;
  /** By the name of the encoding: those that the source's Hello announced. */
  decoders: ReadonlyMap<string, PageDecoder> = new Map();
  presentCount = 0;
  pagesReceived = 0;
  zeroPagesReceived = 0;
  encodedPagesReceived = 0;
  duplicateArrivals = 0;
  /** Pages that the connection's discards name. */
  #discarded = 0;

  /** @param onInstalled pages that were missing are here: told once per message, while the guest runs here. */
  constructor(memory: GuestMemory, onInstalled: () => void) {
    this.#memory = memory;
    this.#written = new PageSet(memory.pageCount);
    this.#onInstalled = onInstalled;
  }

  get missingCount(): number {
    return this.#memory.pageCount - this.presentCount;
  }

  /** @throws LivemigError PROTOCOL_VIOLATION; nothing of the batch is installed then. */
  receive({ pages, zeroRuns, payload, encoded = [] }: PageBatch): void {
    if (pages.length > batchPagesMax || payload.length !== pages.length * pageSizeBytes)
      throw violation(
        `expected at most ${batchPagesMax} pages of ${pageSizeBytes} bytes, got ${pages.length} in ${payload.length} bytes`,
      );
    for (const page of pages) this.#checkRange(page, 1);
    this.#checkRuns(zeroRuns, batchZeroPagesMax);
    this.#checkEncoded(pages.length, encoded);
    const installers = encoded.map((each) => this.#decoderOf(each).open(each));
    let at = 0;
    for (const page of pages) {
      this.#installPage(page, payload, at);
      at += pageSizeBytes;
    }
    for (let run = 0; run < zeroRuns.length; run += 2)
      for (let page = zeroRuns[run] ?? 0, left = zeroRuns[run + 1] ?? 0; left > 0; page++, left--)
        this.#installZero(page);
    for (const [index, each] of encoded.entries()) this.#installEncoded(each, installers[index]!);
    this.#markInPlace();
  }

  #installPage(page: number, payload: Buffer, at: number): void {
    this.pagesReceived++;
    if (this.guestRuns && this.#memory.isPresent(page)) {
      this.duplicateArrivals++;
      return;
    }
    this.#memory.copyFrom(page, payload, at);
    this.#written.add(page);
    this.#inPlace.push(page);
  }

  #installZero(page: number): void {
    this.zeroPagesReceived++;
    if (this.guestRuns && this.#memory.isPresent(page)) {
      this.duplicateArrivals++;
      return;
    }
    if (this.#written.has(page)) this.#memory.clear(page);
    this.#markPresent(page);
  }

  #installEncoded({ pages }: EncodedPages, install: (index: number) => void): void {
    this.encodedPagesReceived += pages.length;
    for (const [index, page] of pages.entries()) {
      if (this.guestRuns && this.#memory.isPresent(page)) {
        this.duplicateArrivals++;
        continue;
      }
      install(index);
      this.#written.add(page);
      this.#inPlace.push(page);
    }
  }

  /**
   * The present bits come after the bytes: a vCPU that sees one reads them. And they come together, with one wake-up for
   * the message: page by page, a vCPU that walks just behind the push meets, waits for and is woken at every page of it,
   * which costs ten times what the copy does (10 Gb/s then carries under 2 Gb/s).
   */
  #markInPlace(): void {
    for (const page of this.#inPlace) this.#markPresent(page);
    this.#inPlace = [];
    // Before the guest runs here, nobody waits for a page.
    if (this.guestRuns) this.#onInstalled();
  }

  #markPresent(page: number): void {
    if (this.#memory.markPresent(page)) this.presentCount++;
  }

  /** Takes pages as missing again. @throws LivemigError PROTOCOL_VIOLATION */
  discard(runs: number[]): void {
    const { pageCount } = this.#memory;
    demandWithin('runs of a discard', runs.length / 2, 1, discardRunsMax);
    const count = this.#checkRuns(runs, pageCount);
    demandWithin('pages of all discards', this.#discarded + count, 1, discardedGuestsMax * pageCount);
    this.#discarded += count;
    for (let run = 0; run < runs.length; run += 2)
      this.presentCount -= this.#memory.markMissing(runs[run] ?? 0, runs[run + 1] ?? 0);
  }

  /** The connection is lost; what is discarded is told again over the next one. */
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

  /** Before any of it is decoded, as a few bytes may stand for many. */
  #checkEncoded(wholePages: number, encoded: readonly EncodedPages[]): void {
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
    for (const { pages } of encoded) for (const page of pages) this.#checkRange(page, 1);
  }

  /** Runs ascend without overlap, so that none costs twice. @returns their pages. */
  #checkRuns(runs: readonly number[], pagesMax: number): number {
    if (runs.length % 2 !== 0) throw violation('expected runs as pairs, got an odd count');
    let total = 0;
    let end = 0;
    for (let run = 0; run < runs.length; run += 2) {
      const first = runs[run]!;
      const count = runs[run + 1]!;
      this.#checkRange(first, count);
      if (first < end)
        throw violation(`expected ascending runs, got one at ${first} behind one up to ${end - 1}`);
      end = first + count;
      total += count;
      if (total > pagesMax)
        throw violation(`expected runs of at most ${pagesMax} pages, got ${total} and more`);
    }
    return total;
  }

  #checkRange(first: number, count: number): void {
    if (!(count >= 1 && first >= 0 && first + count <= this.#memory.pageCount))
      throw violation(`expected pages below ${this.#memory.pageCount}, got ${first} and ${count - 1} more`);
  }
}
