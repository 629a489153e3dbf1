import { PageSet, popCount } from './page-set.ts';

/** Bytes of a bitmap of this many bits. */
export const bitmapBytes = (bits: number): number => Math.ceil(bits / 32) * 4;

/** A bitmap that a guest's threads share, atomic word by word. */
export class SharedBitmap {
  readonly #bits: number;
  readonly #words: Int32Array;

  constructor(bits: number, buffer: SharedArrayBuffer) {
    this.#bits = bits;
    this.#words = new Int32Array(buffer);
  }

  has(bit: number): boolean {
    return (Atomics.load(this.#words, bit >>> 5) & (1 << (bit & 31))) !== 0;
  }

  /** Returns whether it was clear before. */
  set(bit: number): boolean {
    const mask = 1 << (bit & 31);
    return (Atomics.or(this.#words, bit >>> 5, mask) & mask) === 0;
  }

  /** Clears `count` bits from `first` on, word by word. Returns how many of them were set. */
  clear(first: number, count: number): number {
    const end = first + count;
    let cleared = 0;
    for (let at = first; at < end;) {
      const bit = at & 31;
      const bits = Math.min(32 - bit, end - at);
      const mask = (bits === 32 ? -1 : (1 << bits) - 1) << bit;
      cleared += popCount(Atomics.and(this.#words, at >>> 5, ~mask) & mask);
      at += bits;
    }
    return cleared;
  }

  setAll(): void {
    this.#words.fill(-1);
  }

  /** Takes every bit out. */
  drain(): PageSet {
    return PageSet.drain(this.#bits, this.#words);
  }
}
