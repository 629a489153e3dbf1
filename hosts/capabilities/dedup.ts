import type { EncodedPages } from '../../proto/bulk.ts';
import { LivemigError } from '../../proto/errors.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { Capability, Encoded, PageDecoder, PageEncoder } from './capability.ts';
import { blockBytes, BlockIndex, blocksPerPage, BlockStore } from './dedup/block-store.ts';
import { Thrift } from './dedup/thrift.ts';
import { EncodedBlock } from './encoded-block.ts';

/**
 * A page travels as a byte, whose bit n says that block n is known, and its blocks: the number of a known one, the bytes
 * of one that is new. New ones are known from then on, at both ends, under numbers that both count in the same order.
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
    // Out of a copy: what the guest writes meanwhile must not make the two ends differ.
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
    // One without a known block travels in full.
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

/** Puts pages together again, in the order in which they were taken apart. */
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
 * Content that went over the link before travels as a reference to it (CloudNet, VEE 2011: sub-page blocks in a FIFO
 * cache at both ends). The bytes are compared, so two contents of one hash do no harm.
 */
export const dedup: Capability = {
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
};
