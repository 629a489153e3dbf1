import type { Encoded } from '#catalogue/capability';

const pageNumberBytes = 4;

/** A position to write at. */
export interface Room {
  bytes: Buffer;
  at: number;
}

/** The encoded pages of the current batch, one after another. */
export class EncodedBlock {
  readonly #encoding: string;
  /** Grows with the batches. */
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;
  #pages: number[] = [];
  #wholePages = 0;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  /** Reserves this many bytes for the next page's data. */
  reserve(bytes: number): Room {
    if (this.#length + bytes > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    return { bytes: this.#bytes, at: this.#length };
  }

  /** Records the number of bytes written for this page. @returns the bytes that it adds to the batch. */
  add(page: number, bytes: number, isWhole: boolean): number {
    this.#length += bytes;
    this.#pages.push(page);
    if (isWhole) this.#wholePages++;
    return pageNumberBytes + bytes;
  }

  /** Returns the block and starts a new one; null = empty. */
  take(): Encoded | null {
    if (this.#pages.length === 0) return null;
    // A copy: the message is serialised later, while the next batch is being encoded.
    const data = Buffer.from(this.#bytes.subarray(0, this.#length));
    const encoded = { encoding: this.#encoding, pages: this.#pages, data, wholePages: this.#wholePages };
    this.#length = 0;
    this.#pages = [];
    this.#wholePages = 0;
    return encoded;
  }
}
