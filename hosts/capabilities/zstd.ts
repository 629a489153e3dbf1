import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import type { OutgoingBatch } from '../../proto/bulk.ts';
import type { CapabilityValue } from '../../proto/capabilities.ts';
import { LivemigError, messageOf } from '../../proto/errors.ts';
import { monotonicMs, pageSizeBytes } from '../../proto/units.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { Capability, Compressor, PageDecoder, SourceContext } from './capability.ts';
import type { Codec } from './zstd/chooser.ts';
import { CodecChooser } from './zstd/chooser.ts';

const zstd = promisify(zstdCompress);

/** What saves less than this isn't worth the destination's time. */
const worthwhileRatio = 0.95;
/** Of the levels, what `auto` chooses from: the fast ones, as a migration has no time for others. */
const autoLevels = [1, 3] as const;
/** Pages of a batch that `auto` looks at: with fewer, the time of a call is that of the call, not of the pages. */
const samplePages = 64;

/** 8 MiB, as much as the highest level uses: a frame that wants more would have it allocated before a byte is checked. */
const windowLogMax = 23;

const contentOf = (memory: GuestMemory, pages: Uint32Array): Buffer => {
  const content = Buffer.allocUnsafe(pages.length * pageSizeBytes);
  for (const [index, page] of pages.entries()) memory.copyTo(page, content, index * pageSizeBytes);
  return content;
};

/** Compressed in a thread of libuv's pool, so that the agent goes on meanwhile; with the time that this took. */
const compressed = async (content: Buffer, level: number): Promise<{ data: Buffer; ms: number }> => {
  const startedAtMs = monotonicMs();
  const data = await zstd(content, { params: { [constants.ZSTD_c_compressionLevel]: level } });
  return { data, ms: monotonicMs() - startedAtMs };
};

class ZstdCompressor implements Compressor {
  readonly #context: SourceContext;
  /** Null = one level, whatever comes. */
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
    const { data, ms } = await compressed(content, level);
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
    chooser.confirmed(monotonicMs(), this.#context.confirmedBytes());
    if (chooser.isLookDue()) {
      const sample = contentOf(this.#context.memory, pages.subarray(0, samplePages));
      // The first call of all starts threads.
      if (!this.#isWarm) await compressed(sample, chooser.levels[0] ?? 1);
      this.#isWarm = true;
      for (const level of chooser.levels) {
        const { data, ms } = await compressed(sample, level);
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

/** What travels whole is compressed, a batch at a time (QEMU multifd-compression=zstd). */
export const zstdCompression: Capability = {
  atSource: (context, value) => {
    const compressor = new ZstdCompressor(context, value);
    return { compressor, statistics: () => ({ ...compressor.counters }) };
  },
  atDestination: (memory) => ({ decoder: decoderOf(memory) }),
};
