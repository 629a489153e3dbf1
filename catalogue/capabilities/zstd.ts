import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import type { OutgoingBatch } from '#proto/bulk';
import type { CapabilityValue } from '#proto/capabilities';
import { LivemigError, messageOf } from '#proto/errors';
import { pageSizeBytes } from '#proto/units';
import type { MigrationClock } from '#hosts/clock';
import type { GuestMemory } from '#hosts/guest/memory';
import type { Compressor, PageDecoder, SourceContext } from '../capability.ts';
import { defineCapability } from '../capability.ts';
import type { Codec } from './parts/zstd/chooser.ts';
import { CodecChooser } from './parts/zstd/chooser.ts';

const zstd = promisify(zstdCompress);

/** Smaller savings aren't worth the destination's time. */
const worthwhileRatio = 0.95;
/** The levels that `auto` chooses from: the fast ones, as a migration has no time for others. */
const autoLevels = [1, 3] as const;
/** Pages per sample of `auto`; with fewer, call overhead dominates. */
const samplePages = 64;

/**
 * 8 MiB, as the highest level uses; a frame could demand more memory before any byte is checked.
 */
const windowLogMax = 23;

const contentOf = (memory: GuestMemory, pages: Uint32Array): Buffer => {
  const content = Buffer.allocUnsafe(pages.length * pageSizeBytes);
  for (const [index, page] of pages.entries()) memory.copyTo(page, content, index * pageSizeBytes);
  return content;
};

/** In virtual time: about the speed of a current core at level 1, and each level's fraction of it. */
const virtualBytesPerMs = 500_000;

/** Compresses in a thread of libuv's pool, so that the agent isn't blocked; returns the time taken, too. */
const compressed = async (
  clock: MigrationClock,
  content: Buffer,
  level: number,
): Promise<{ data: Buffer; ms: number }> => {
  const startedAtMs = clock.nowMs();
  const work = zstd(content, { params: { [constants.ZSTD_c_compressionLevel]: level } });
  const data = await clock.during(work, (content.length * level) / virtualBytesPerMs);
  return { data, ms: clock.nowMs() - startedAtMs };
};

class ZstdCompressor implements Compressor {
  readonly #context: SourceContext;
  /** Null = a fixed level. */
  readonly #chooser: CodecChooser | null;
  readonly #level: Codec;
  #isWarm = false;
  readonly counters = { pages: 0, bytes: 0, incompressible: 0, raw: 0, compressMs: 0 };

  constructor(context: SourceContext, value: CapabilityValue) {
    this.#context = context;
    this.#level = typeof value === 'number' ? value : 'raw';
    this.#chooser = typeof value === 'number' ? null : new CodecChooser(autoLevels);
  }

  async compress(batch: OutgoingBatch): Promise<OutgoingBatch> {
    const { pages } = batch;
    if (pages.length === 0) return batch;
    const level = this.#chooser === null ? this.#level : await this.#choose(this.#chooser, pages);
    if (level === 'raw') {
      this.counters.raw += pages.length;
      return batch;
    }
    const content = contentOf(this.#context.memory, pages);
    const { data, ms } = await compressed(this.#context.clock, content, level);
    this.counters.compressMs += ms;
    this.#chooser?.saw(level, content.length, data.length, ms);
    if (data.length > worthwhileRatio * content.length) {
      this.counters.incompressible += pages.length;
      return batch;
    }
    this.counters.pages += pages.length;
    this.counters.bytes += data.length;
    const encoded = { encoding: 'zstd', pages: [...pages], data };
    return { ...batch, pages: new Uint32Array(0), encoded: [...(batch.encoded ?? []), encoded] };
  }

  async #choose(chooser: CodecChooser, pages: Uint32Array): Promise<Codec> {
    const { clock, memory, confirmedBytes } = this.#context;
    chooser.confirmed(clock.nowMs(), confirmedBytes());
    if (chooser.isLookDue()) {
      const sample = contentOf(memory, pages.subarray(0, samplePages));
      // The very first call starts threads.
      if (!this.#isWarm) await compressed(clock, sample, chooser.levels[0] ?? 1);
      this.#isWarm = true;
      for (const level of chooser.levels) {
        const { data, ms } = await compressed(clock, sample, level);
        chooser.tried(level, sample.length, data.length, ms);
      }
    }
    return chooser.choose();
  }
}

const decoderOf = (memory: GuestMemory): PageDecoder => ({
  open: ({ pages, data }) => {
    const expectedBytes = pages.length * pageSizeBytes;
    let content: Buffer;
    try {
      content = zstdDecompressSync(data, {
        maxOutputLength: Math.max(1, expectedBytes),
        params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
      });
    } catch (cause) {
      throw new LivemigError('PROTOCOL_VIOLATION', `expected zstd: ${messageOf(cause)}`, { cause });
    }
    if (content.length !== expectedBytes)
      throw new LivemigError(
        'PROTOCOL_VIOLATION',
        `expected ${expectedBytes} bytes for ${pages.length} pages in zstd, got ${content.length}`,
      );
    return (index) => {
      memory.copyFrom(pages[index]!, content, index * pageSizeBytes);
    };
  },
});

/** Compresses whole pages, a batch at a time (QEMU multifd-compression=zstd). */
export default defineCapability({
  name: 'zstd',
  help: 'compress whole pages; auto picks raw or a level by speed, ratio and bandwidth',
  values: { meaning: 'level', least: 1, most: 19, words: ['auto'], whenBare: 'auto' },
  encodingOrder: 4,
  refuses: ({ settings: { wholePagesBy } }) =>
    wholePagesBy === null ? undefined : `${wholePagesBy} encodes whole pages itself, so zstd would see none`,
  atSource: (context, value) => {
    const compressor = new ZstdCompressor(context, value);
    return { compressor, statistics: () => ({ ...compressor.counters }) };
  },
  atDestination: (memory) => ({ decoder: decoderOf(memory) }),
});
