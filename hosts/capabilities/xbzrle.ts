import type { EncodedPages } from '../../proto/bulk.ts';
import { LivemigError } from '../../proto/errors.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { AtSource, Capability, Encoded, PageDecoder, PageEncoder } from './capability.ts';
import { EncodedBlock } from './encoded-block.ts';
import type { Room } from './encoded-block.ts';
import { PageCache } from './xbzrle/cache.ts';
import { decodeXbzrle, encodeXbzrle, isXbzrle } from './xbzrle/codec.ts';

const lengthBytes = 2;

/**
 * The source's side (QEMU's ram.c save_xbzrle_page): from the second round on and until the switchover to post-copy. A
 * page that isn't cached travels whole, out of the copy that is cached then: what the guest writes meanwhile must not
 * make the two differ.
 */
class XbzrleEncoder implements PageEncoder {
  readonly #memory: GuestMemory;
  readonly #cache: PageCache;
  readonly #block = new EncodedBlock('xbzrle');
  readonly #now = new Int32Array(pageSizeBytes / 4);
  readonly #nowBytes = Buffer.from(this.#now.buffer);
  syncs = 0;
  isOver = false;
  readonly counters = { bytes: 0, pages: 0, cacheMiss: 0, overflow: 0, unchanged: 0 };

  constructor(memory: GuestMemory, cache: PageCache) {
    this.#memory = memory;
    this.#cache = cache;
  }

  take(page: number): number | null {
    if (this.syncs < 2 || this.isOver) return null;
    this.#memory.copyTo(page, this.#nowBytes, 0);
    const before = this.#cache.get(page, this.syncs);
    if (before === null) return this.#takeWhole(page);
    const room = this.#reserve();
    const now = { bytes: this.#nowBytes, words: this.#now, at: 0 };
    const length = encodeXbzrle(before, now, room.bytes, room.at);
    if (length === 0) {
      this.counters.unchanged++;
      return 0;
    }
    before.bytes.set(this.#nowBytes, before.at);
    if (length === -1) {
      this.counters.overflow++;
      return this.#addWhole(page, room);
    }
    this.counters.pages++;
    this.counters.bytes += lengthBytes + length;
    return this.#add(page, length, room);
  }

  #takeWhole(page: number): number {
    this.counters.cacheMiss++;
    const cached = this.#cache.insert(page, this.syncs);
    cached?.bytes.set(this.#nowBytes, cached.at);
    return this.#addWhole(page, this.#reserve());
  }

  /** Room for a page, behind its length. */
  #reserve(): Room {
    const { bytes, at } = this.#block.reserve(lengthBytes + pageSizeBytes);
    return { bytes, at: at + lengthBytes };
  }

  #addWhole(page: number, room: Room): number {
    this.#nowBytes.copy(room.bytes, room.at);
    return this.#add(page, pageSizeBytes, room);
  }

  /** So many bytes of the page were written there. */
  #add(page: number, length: number, { bytes, at }: Room): number {
    bytes.writeUInt16LE(length, at - lengthBytes);
    return this.#block.add(page, lengthBytes + length, length === pageSizeBytes);
  }

  flush(): Encoded | null {
    return this.#block.take();
  }

  forget(page: number): void {
    this.#cache.forget(page);
  }
}

const atSource = (memory: GuestMemory, sizeMib: number): AtSource => {
  const cache = new PageCache(sizeMib);
  const encoder = new XbzrleEncoder(memory, cache);
  return {
    encoder,
    synced: () => {
      encoder.syncs++;
    },
    entered: (phase) => {
      encoder.isOver = phase === 'postcopy';
    },
    recovered: () => {
      encoder.isOver = true;
    },
    statistics: () => {
      const { bytes, pages, cacheMiss, overflow, unchanged } = encoder.counters;
      const looked = pages + cacheMiss + overflow + unchanged;
      return {
        cacheSize: cache.sizeBytes,
        bytes,
        pages,
        unchanged,
        cacheMiss,
        cacheMissRate: looked === 0 ? 0 : cacheMiss / looked,
        // Bytes of the pages over bytes of their encodings.
        encodingRate: bytes === 0 ? 0 : (pages * pageSizeBytes) / bytes,
        overflow,
      };
    },
  };
};

/** Where each page's data lies. @throws LivemigError PROTOCOL_VIOLATION */
const layoutOf = ({ pages, data }: EncodedPages): { from: number; end: number }[] => {
  let cursor = 0;
  const layout = pages.map((page) => {
    const from = cursor + lengthBytes;
    const length = from <= data.length ? data.readUInt16LE(cursor) : NaN;
    const end = from + length;
    const isSound =
      end <= data.length && (length === pageSizeBytes || (length > 0 && isXbzrle(data, from, end)));
    if (!isSound)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected an XBZRLE encoding of page ${page}, got ${length} bytes that aren't one`,
      );
    cursor = end;
    return { from, end };
  });
  if (cursor !== data.length)
    throw new LivemigError(
      'PROTOCOL_VIOLATION',
      `expected ${cursor} bytes of XBZRLE for ${pages.length} pages, got ${data.length}`,
    );
  return layout;
};

const decoderOf = (memory: GuestMemory): PageDecoder => ({
  open: (encoded) => {
    const layout = layoutOf(encoded);
    return (index) => {
      const { from, end } = layout[index]!;
      const page = encoded.pages[index]!;
      if (end - from === pageSizeBytes) memory.copyFrom(page, encoded.data, from);
      else decodeXbzrle(encoded.data, from, end, memory.segmentOf(page), memory.offsetOf(page));
    };
  },
});

/** XBZRLE: a page that was sent before travels as what has changed in it since. */
export const xbzrle: Capability = {
  atSource: ({ memory }, value) => atSource(memory, Number(value)),
  atDestination: (memory) => ({ decoder: decoderOf(memory) }),
};
