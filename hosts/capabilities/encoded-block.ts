import type { Encoded } from './capability.ts';

const pageNumberBytes = 4;

/** Where something may be written. */
export interface Room {
  bytes: Buffer;
  at: number;
}

/** The encoded pages of a batch in the making, one behind the other. */
export class EncodedBlock {
  readonly #encoding: string;
  /** It grows as batches do. */
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;
  #pages: number[] = [];
  #wholePages = 0;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  /** Where the next page's data may be written: room for so many bytes. */
  reserve(bytes: number): Room {
    if (this.#length + bytes > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    return { bytes: this.#bytes, at: this.#length };
  }

  /** What was written there are so many bytes of this page. @returns what it adds to the batch. */
  add(page: number, bytes: number, isWhole: boolean): number {
    this.#length += bytes;
    this.#pages.push(page);
    if (isWhole) this.#wholePages++;
    return pageNumberBytes + bytes;
  }

  /** What there is, and begins anew; null = nothing. */
  take(): Encoded | null {
    if (this.#pages.length === 0) return null;
    // A copy: the message is serialised later, when the next batch is in the making already.
    const data = Buffer.from(this.#bytes.subarray(0, this.#length));
    const encoded = { encoding: this.#encoding, pages: this.#pages, data, wholePages: this.#wholePages };
    this.#length = 0;
    this.#pages = [];
    this.#wholePages = 0;
    return encoded;
  }
}
