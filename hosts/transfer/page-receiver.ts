import type { EncodedPages, PageBatch } from '../../proto/bulk.ts';
import { LivemigError } from '../../proto/errors.ts';
import { batchEncodedPagesMax, batchPagesMax } from '../../proto/migration.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { PageDecoder } from '../capabilities/capability.ts';
import type { GuestMemory } from '../guest/memory.ts';
import { PageSet } from '../guest/page-set.ts';

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
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected at most ${batchPagesMax} pages of ${pageSizeBytes} bytes, got ${pages.length} in ${payload.length} bytes`,
      );
    for (const page of pages) this.#checkRange(page, 1);
    this.#checkRuns(zeroRuns);
    const installers = encoded.map((each) => this.#open(each));
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
    this.#checkRuns(runs);
    for (let run = 0; run < runs.length; run += 2)
      for (let page = runs[run] ?? 0, left = runs[run + 1] ?? 0; left > 0; page++, left--)
        if (this.#memory.markMissing(page)) this.presentCount--;
  }

  /** Checks encoded pages, and returns what installs the nth of them. */
  #open(encoded: EncodedPages): (index: number) => void {
    const { encoding, pages } = encoded;
    const decoder = this.decoders.get(encoding);
    if (decoder === undefined)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected no pages encoded by ${JSON.stringify(encoding)}, as the hello doesn't name it`,
      );
    if (pages.length > batchEncodedPagesMax)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected at most ${batchEncodedPagesMax} pages of ${encoding}, got ${pages.length}`,
      );
    for (const page of pages) this.#checkRange(page, 1);
    return decoder.open(encoded);
  }

  #checkRuns(runs: number[]): void {
    if (runs.length % 2 !== 0)
      throw new LivemigError('PROTOCOL_VIOLATION', 'expected runs as pairs, got an odd count');
    for (let run = 0; run < runs.length; run += 2) this.#checkRange(runs[run] ?? 0, runs[run + 1] ?? 0);
  }

  #checkRange(first: number, count: number): void {
    if (count < 1 || first + count > this.#memory.pageCount)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected pages below ${this.#memory.pageCount}, got ${first} and ${count - 1} more`,
      );
  }
}
