import type { PageBatch, UniformPages } from '../../proto/bulk.ts';
import { LivemigError } from '../../proto/errors.ts';
import { batchPagesMax, batchUniformPagesMax } from '../../proto/migration.ts';
import { pageSizeBytes, uniformPatternBytes } from '../../proto/units.ts';
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
  /** Whether the source's Hello announced uniform pages. */
  acceptsUniform = false;
  presentCount = 0;
  pagesReceived = 0;
  zeroPagesReceived = 0;
  uniformPagesReceived = 0;
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
  receive({ pages, zeroRuns, payload, uniform }: PageBatch): void {
    if (pages.length > batchPagesMax || payload.length !== pages.length * pageSizeBytes)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected at most ${batchPagesMax} pages of ${pageSizeBytes} bytes, got ${pages.length} in ${payload.length} bytes`,
      );
    for (const page of pages) this.#checkRange(page, 1);
    this.#checkRuns(zeroRuns);
    if (uniform !== undefined) this.#checkUniform(uniform);
    let at = 0;
    for (const page of pages) {
      this.#installPage(page, payload, at);
      at += pageSizeBytes;
    }
    for (let run = 0; run < zeroRuns.length; run += 2)
      for (let page = zeroRuns[run] ?? 0, left = zeroRuns[run + 1] ?? 0; left > 0; page++, left--)
        this.#installZero(page);
    uniform?.pages.forEach((page, index) => {
      this.#installUniform(page, uniform.patterns, index * uniformPatternBytes);
    });
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

  #installUniform(page: number, patterns: Buffer, at: number): void {
    this.uniformPagesReceived++;
    if (this.guestRuns && this.#memory.isPresent(page)) {
      this.duplicateArrivals++;
      return;
    }
    this.#memory.fillUniform(page, patterns, at);
    this.#written.add(page);
    this.#inPlace.push(page);
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

  #checkUniform({ pages, patterns }: UniformPages): void {
    if (!this.acceptsUniform)
      throw new LivemigError('PROTOCOL_VIOLATION', 'expected no uniform pages, as the hello announced none');
    if (pages.length > batchUniformPagesMax || patterns.length !== pages.length * uniformPatternBytes)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected at most ${batchUniformPagesMax} uniform pages of ${uniformPatternBytes} bytes, got ${pages.length} in ${patterns.length} bytes`,
      );
    for (const page of pages) this.#checkRange(page, 1);
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
