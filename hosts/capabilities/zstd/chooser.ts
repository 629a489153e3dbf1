/** `raw`, or a level of zstd. */
export type Codec = 'raw' | number;

/** A look at this many batches is taken for granted until the next look. */
export const lookEveryBatches = 64;
/** Bandwidth is measured over spans of at least this, as QEMU does. */
const spanMs = 100;
/** The link can carry what it carried in the best of so many spans. */
const spans = 16;
/** Raw costs next to nothing, so another codec must be better by this factor. */
const worthwhileFactor = 1.05;
/** How much of a new look counts. */
const weight = 0.5;

interface Seen {
  /** Uncompressed bytes per ms that one thread takes. */
  bytesPerMs: number;
  /** Compressed over uncompressed. */
  ratio: number;
}

/**
 * Which codec moves the most pages: the one that maximises min(speed, B / ratio), by measured speed, ratio and bandwidth
 * B. Until B is known, raw; what is raw measures it. Pure.
 */
export class CodecChooser {
  readonly levels: readonly number[];
  readonly #seen = new Map<number, Seen>();
  readonly #spans: number[] = [];
  #from: { atMs: number; bytes: number } | null = null;
  #batches = 0;

  constructor(levels: readonly number[]) {
    this.levels = levels;
  }

  /** Bytes of the link that were confirmed until now. */
  confirmed(atMs: number, bytes: number): void {
    this.#from ??= { atMs, bytes };
    const elapsedMs = atMs - this.#from.atMs;
    if (elapsedMs < spanMs) return;
    this.#spans.push((bytes - this.#from.bytes) / elapsedMs);
    if (this.#spans.length > spans) this.#spans.shift();
    this.#from = { atMs, bytes };
  }

  /** Whether a sample of this batch should be compressed at every level, to see what that brings. */
  isLookDue(): boolean {
    return this.#batches++ % lookEveryBatches === 0;
  }

  saw(level: number, bytes: number, compressedBytes: number, ms: number): void {
    const now = { bytesPerMs: bytes / Math.max(ms, 0.01), ratio: compressedBytes / bytes };
    const before = this.#seen.get(level) ?? now;
    this.#seen.set(level, {
      bytesPerMs: before.bytesPerMs + weight * (now.bytesPerMs - before.bytesPerMs),
      ratio: before.ratio + weight * (now.ratio - before.ratio),
    });
  }

  /** In bytes per ms; 0 = not known. */
  get bandwidth(): number {
    return Math.max(0, ...this.#spans);
  }

  /** Pages that a codec moves, in bytes per ms. */
  speedOf(codec: Codec): number {
    if (codec === 'raw') return this.bandwidth;
    const seen = this.#seen.get(codec);
    return seen === undefined ? 0 : Math.min(seen.bytesPerMs, this.bandwidth / seen.ratio);
  }

  choose(): Codec {
    const [first, ...others] = this.levels;
    const best = others.reduce<Codec>(
      (fastest, level) => (this.speedOf(level) > this.speedOf(fastest) ? level : fastest),
      first ?? 'raw',
    );
    return this.speedOf(best) > worthwhileFactor * this.speedOf('raw') ? best : 'raw';
  }
}
