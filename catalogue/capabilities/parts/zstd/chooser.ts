/** `raw`, or a level of zstd. */
export type Codec = 'raw' | number;

/** While a level is in use, a sample is valid for this many batches. */
export const lookEveryBatches = 64;
/** While raw is in use, for few at first, as the first samples are disturbed most, then for twice as many each time. */
const firstLookBatches = 16;
const lookEveryBatchesMax = 1024;
/**
 * If a level would pay at this multiple of the measured speed, the sample may have been disturbed: repeat it soon.
 */
const doubtFactor = 1.5;
const doubtLookBatches = 4;
/** Samples cost time that a fast link doesn't have, so only this many are repeated until a level has been in use. */
const doubtsMax = 3;
/** Bandwidth is measured over spans of at least this, as QEMU does. */
const spanMs = 100;
/** The link's bandwidth is that of the best of this many spans. */
const spans = 16;
/** Raw costs next to nothing, so another codec must be better by this factor. */
const worthwhileFactor = 1.05;
/** Weight of a new sample. */
const weight = 0.5;
const smoothed = (before: number, now: number): number => before + weight * (now - before);

interface Seen {
  /** Uncompressed bytes per ms that one thread takes. */
  bytesPerMs: number;
  /** Compressed over uncompressed. */
  ratio: number;
}

const seenIn = (bytes: number, compressedBytes: number, ms: number): Seen => ({
  bytesPerMs: bytes / Math.max(ms, 0.01),
  ratio: compressedBytes / bytes,
});

/**
 * Which codec moves the most pages: the one that maximises min(speed, B / ratio), by measured speed, ratio and
 * bandwidth B. Until B is known it chooses raw, which measures B. Pure.
 */
export class CodecChooser {
  readonly levels: readonly number[];
  readonly #seen = new Map<number, Seen>();
  readonly #spans: number[] = [];
  #from: { atMs: number; bytes: number } | null = null;
  /** Since the start of the span. */
  #isAllRaw = true;
  #untilLook = 0;
  #lookEvery = firstLookBatches;
  #doubtsLeft = doubtsMax;

  constructor(levels: readonly number[]) {
    this.levels = levels;
  }

  /** Bytes on the link confirmed so far. */
  confirmed(atMs: number, bytes: number): void {
    this.#from ??= { atMs, bytes };
    const elapsedMs = atMs - this.#from.atMs;
    if (elapsedMs < spanMs) return;
    const bytesPerMs = (bytes - this.#from.bytes) / elapsedMs;
    // A compressor that doesn't fill the link says nothing about its bandwidth.
    if (this.#isAllRaw || bytesPerMs > this.bandwidth) {
      this.#spans.push(bytesPerMs);
      if (this.#spans.length > spans) this.#spans.shift();
    }
    this.#from = { atMs, bytes };
    this.#isAllRaw = true;
  }

  /** Whether a sample of this batch should be compressed at every level. */
  isLookDue(): boolean {
    if (this.#untilLook-- > 0) return false;
    this.#untilLook = this.#lookEvery - 1;
    this.#lookEvery = Math.min(2 * this.#lookEvery, lookEveryBatchesMax);
    return true;
  }

  /** Records a sample. A busy machine only makes it slower, so the fastest recent one counts. */
  tried(level: number, bytes: number, compressedBytes: number, ms: number): void {
    this.#remember(level, seenIn(bytes, compressedBytes, ms), Math.max);
  }

  /** Records the performance of a level in use. */
  saw(level: number, bytes: number, compressedBytes: number, ms: number): void {
    this.#remember(level, seenIn(bytes, compressedBytes, ms), smoothed);
  }

  #remember(level: number, now: Seen, speedOf: (before: number, now: number) => number): void {
    const before = this.#seen.get(level) ?? now;
    this.#seen.set(level, {
      bytesPerMs: speedOf(before.bytesPerMs, now.bytesPerMs),
      ratio: smoothed(before.ratio, now.ratio),
    });
  }

  /** In bytes per ms; 0 = unknown. */
  get bandwidth(): number {
    return Math.max(0, ...this.#spans);
  }

  /** Pages that a codec moves, in bytes per ms. */
  speedOf(codec: Codec): number {
    if (codec === 'raw') return this.bandwidth;
    const seen = this.#seen.get(codec);
    return seen === undefined ? 0 : Math.min(seen.bytesPerMs, this.bandwidth / seen.ratio);
  }

  /** Whether pages are compressible enough, and a level nearly fast enough. */
  get #isInDoubt(): boolean {
    return [...this.#seen.values()].some(
      ({ bytesPerMs, ratio }) =>
        ratio * worthwhileFactor < 1 && doubtFactor * bytesPerMs > worthwhileFactor * this.bandwidth,
    );
  }

  /** Schedules the next sample soon if raw may have been chosen because of a disturbed one. */
  #doubt(): void {
    const isSoon = this.#untilLook < doubtLookBatches;
    if (isSoon || this.#doubtsLeft === 0 || this.bandwidth === 0 || !this.#isInDoubt) return;
    this.#doubtsLeft--;
    this.#untilLook = doubtLookBatches - 1;
  }

  choose(): Codec {
    const [first, ...others] = this.levels;
    const best = others.reduce<Codec>(
      (fastest, level) => (this.speedOf(level) > this.speedOf(fastest) ? level : fastest),
      first ?? 'raw',
    );
    if (this.speedOf(best) <= worthwhileFactor * this.speedOf('raw')) {
      this.#doubt();
      return 'raw';
    }
    this.#isAllRaw = false;
    this.#lookEvery = lookEveryBatches;
    this.#doubtsLeft = doubtsMax;
    return best;
  }
}
