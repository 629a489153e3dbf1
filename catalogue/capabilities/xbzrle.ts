import type { EncodedPages } from '#proto/bulk';
import { LivemigError } from '#proto/errors';
import { pageSizeBytes } from '#proto/units';
import type { GuestMemory } from '#hosts/guest/memory';
import type { AtSource, Encoded, PageDecoder, PageEncoder } from '../capability.ts';
import { defineCapability } from '../capability.ts';
import { EncodedBlock } from './parts/encoded-block.ts';
import type { Room } from './parts/encoded-block.ts';
import { PageCache } from './parts/xbzrle/cache.ts';
import { decodeXbzrle, encodeXbzrle, isXbzrle } from './parts/xbzrle/codec.ts';

const lengthBytes = 2;

/**
 * The source's side (QEMU's ram.c save_xbzrle_page): from the second round until the switchover to post-copy. A page
 * that isn't cached is sent whole, from the copy that is then cached, so that the guest's writes can't make the two
 * differ.
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

  /** Space for a page after its length. */
  #reserve(): Room {
    const { bytes, at } = this.#block.reserve(lengthBytes + pageSizeBytes);
    return { bytes, at: at + lengthBytes };
  }

  #addWhole(page: number, room: Room): number {
    this.#nowBytes.copy(room.bytes, room.at);
    return this.#add(page, pageSizeBytes, room);
  }

  /** Records the number of bytes written for the page. */
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
        // Page bytes divided by encoded bytes.
        encodingRate: bytes === 0 ? 0 : (pages * pageSizeBytes) / bytes,
        overflow,
      };
    },
  };
};

/** The range of each page's data. @throws LivemigError PROTOCOL_VIOLATION */
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
        `expected an XBZRLE encoding of page ${page}, got ${length} invalid bytes`,
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

/** XBZRLE: sends only the changes of a page that was sent before. */
export default defineCapability({
  name: 'xbzrle',
  help: 'send only the changes of a page that was sent before',
  values: { meaning: 'MiB of cache (QEMU xbzrle-cache-size)', least: 1, most: 4096, whenBare: 64 },
  encodingOrder: 2,
  needsRounds: true,
  sets: () => ({ wholePagesBy: 'xbzrle' }),
  atSource: ({ memory }, value) => atSource(memory, Number(value)),
  atDestination: (memory) => ({ decoder: decoderOf(memory) }),
});
