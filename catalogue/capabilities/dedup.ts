import type { EncodedPages } from '#proto/bulk';
import { LivemigError } from '#proto/errors';
import { pageSizeBytes } from '#proto/units';
import type { GuestMemory } from '#hosts/guest/memory';
import type { Encoded, PageDecoder, PageEncoder } from '../capability.ts';
import { defineCapability } from '../capability.ts';
import { blockBytes, BlockIndex, blocksPerPage, BlockStore } from './parts/dedup/block-store.ts';
import { Thrift } from './parts/dedup/thrift.ts';
import { EncodedBlock } from './parts/encoded-block.ts';

/**
 * A page is encoded as a byte, whose bit n says that block n is known, and its blocks: the number of a known block, the
 * bytes of a new one. Both ends number new blocks in the same order, and know them from then on.
 */
const maskBytes = 1;
const numberBytes = 4;
const pageBytesMax = maskBytes + pageSizeBytes;

const isKnown = (mask: number, block: number): boolean => (mask & (1 << block)) !== 0;

class DedupEncoder implements PageEncoder {
  readonly isOrdered = true;
  readonly #memory: GuestMemory;
  readonly #index: BlockIndex;
  readonly #thrift = new Thrift();
  readonly #now = new Int32Array(pageSizeBytes / 4);
  readonly #nowBytes = Buffer.from(this.#now.buffer);
  readonly #block = new EncodedBlock('dedup');
  isOver = false;
  readonly counters = { pages: 0, duplicateBlocks: 0, bytes: 0, newPages: 0, unseen: 0 };

  constructor(memory: GuestMemory, store: BlockStore) {
    this.#memory = memory;
    this.#index = new BlockIndex(store);
  }

  take(page: number): number | null {
    if (this.isOver) return null;
    if (!this.#thrift.isLookDue()) {
      this.counters.unseen++;
      return null;
    }
    // From a copy: the guest's writes must not make the two ends differ.
    this.#memory.copyTo(page, this.#nowBytes, 0);
    const { bytes, at: from } = this.#block.reserve(pageBytesMax);
    let end = from + maskBytes;
    let mask = 0;
    let known = 0;
    for (let block = 0; block < blocksPerPage; block++) {
      const at = block * blockBytes;
      const number = this.#index.findOrAdd(this.#nowBytes, this.#now, at);
      if (number === -1) end += this.#nowBytes.copy(bytes, end, at, at + blockBytes);
      else {
        end = bytes.writeUInt32LE(number, end);
        mask |= 1 << block;
        known++;
      }
    }
    bytes[from] = mask;
    this.#thrift.looked(known / blocksPerPage);
    this.#count(known, end - from);
    return this.#block.add(page, end - from, known === 0);
  }

  #count(known: number, length: number): void {
    // A page without a known block is sent in full.
    if (known === 0) {
      this.counters.newPages++;
      return;
    }
    this.counters.pages++;
    this.counters.duplicateBlocks += known;
    this.counters.bytes += length;
  }

  flush(): Encoded | null {
    return this.#block.take();
  }
}

/** Reassembles pages in the order in which they were encoded. */
class Joiner {
  readonly #store: BlockStore;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  /** @throws LivemigError PROTOCOL_VIOLATION */
  join({ pages, data }: EncodedPages): Buffer {
    const content = Buffer.allocUnsafe(pages.length * pageSizeBytes);
    let from = 0;
    for (const [index, page] of pages.entries()) {
      const mask = data[from] ?? -1;
      from += maskBytes;
      for (let block = 0; block < blocksPerPage; block++) {
        const to = index * pageSizeBytes + block * blockBytes;
        from = isKnown(mask, block)
          ? this.#copyKnown(page, data, from, content, to)
          : this.#copyNew(page, data, from, content, to);
      }
    }
    if (from !== data.length)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected ${from} bytes for ${pages.length} pages of known and new blocks, got ${data.length}`,
      );
    return content;
  }

  #copyKnown(page: number, data: Buffer, from: number, content: Buffer, to: number): number {
    const end = from + numberBytes;
    const block = end <= data.length ? data.readUInt32LE(from) : NaN;
    if (!this.#store.has(block))
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected a known block in page ${page}, got number ${block}`,
      );
    this.#store.copyTo(block, content, to);
    return end;
  }

  #copyNew(page: number, data: Buffer, from: number, content: Buffer, to: number): number {
    const end = from + blockBytes;
    if (end > data.length)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected ${blockBytes} bytes of a new block in page ${page}, got ${Math.max(0, data.length - from)}`,
      );
    data.copy(content, to, from, end);
    this.#store.add(data, from);
    return end;
  }
}

const decoderOf = (memory: GuestMemory, store: BlockStore): PageDecoder => {
  const joiner = new Joiner(store);
  return {
    open: (encoded) => {
      const content = joiner.join(encoded);
      return (index) => {
        memory.copyFrom(encoded.pages[index]!, content, index * pageSizeBytes);
      };
    },
  };
};

/**
 * Content already sent is replaced by a reference (CloudNet, VEE 2011: sub-page blocks in a FIFO cache at both ends).
 * The bytes are compared, so hash collisions do no harm.
 */
export default defineCapability({
  name: 'dedup',
  help: 'replace content already sent by a reference, in units of a quarter page',
  // First-touched memory costs microseconds a page: at 10 Gb/s more than this takes 5 % longer.
  values: { meaning: 'cache at each end in MiB', least: 1, most: 1024, whenBare: 8 },
  encodingOrder: 3,
  sets: () => ({ wholePagesBy: 'dedup' }),
  refuses: ({ settings }) =>
    settings.channels > 1
      ? 'both ends number blocks in order of arrival, which several streams (multifd) do not preserve'
      : undefined,
  atSource: ({ memory }, value) => {
    const encoder = new DedupEncoder(memory, new BlockStore(Number(value)));
    return {
      encoder,
      recovered: () => {
        encoder.isOver = true;
      },
      statistics: () => ({ ...encoder.counters }),
    };
  },
  atDestination: (memory, value) => ({ decoder: decoderOf(memory, new BlockStore(Number(value))) }),
});
