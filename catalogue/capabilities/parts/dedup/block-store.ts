/** Blocks per page. A quarter of a page was the best size that CloudNet tried. */
export const blocksPerPage = 4;
export const blockBytes = 1024;

const blockWords = blockBytes / 4;
/** Hashing every fourth word is enough to find a block; a comparison of all bytes decides. */
const hashStride = 4;

const hashOf = (words: Int32Array, first: number): number => {
  let hash = 0;
  for (let word = first; word < first + blockWords; word += hashStride) {
    hash = Math.imul(hash ^ words[word]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
};

/** FIFO of the last blocks sent. Both ends keep the same blocks under the same numbers. */
export class BlockStore {
  readonly #bytes: Buffer;
  readonly blockCount: number;
  #next = 0;
  #filled = 0;

  constructor(sizeMib: number) {
    this.blockCount = (sizeMib << 20) / blockBytes;
    this.#bytes = Buffer.alloc(sizeMib << 20);
  }

  /** Returns its number, which was the oldest block's. */
  add(source: Buffer, at: number): number {
    const block = this.#next;
    source.copy(this.#bytes, block * blockBytes, at, at + blockBytes);
    this.#next = (block + 1) % this.blockCount;
    this.#filled = Math.max(this.#filled, block + 1);
    return block;
  }

  has(block: number): boolean {
    return block < this.#filled;
  }

  isSame(block: number, source: Buffer, at: number): boolean {
    const from = block * blockBytes;
    return this.#bytes.compare(source, at, at + blockBytes, from, from + blockBytes) === 0;
  }

  copyTo(block: number, target: Buffer, at: number): void {
    this.#bytes.copy(target, at, block * blockBytes, (block + 1) * blockBytes);
  }
}

/** Finds the block of a store that has given bytes. */
export class BlockIndex {
  readonly #store: BlockStore;
  /** Number + 1 of the newest block with a hash; 0 = none. It may have been replaced: compare its bytes. */
  readonly #newest: Int32Array;

  constructor(store: BlockStore) {
    this.#store = store;
    let slots = 1024;
    while (slots < 4 * store.blockCount) slots *= 2;
    this.#newest = new Int32Array(slots);
  }

  /**
   * The number of the block that has these bytes, or -1: then they are added.
   * @param words the same memory as `bytes`.
   */
  findOrAdd(bytes: Buffer, words: Int32Array, at: number): number {
    const slot = hashOf(words, at / 4) & (this.#newest.length - 1);
    const block = this.#newest[slot]! - 1;
    if (block !== -1 && this.#store.isSame(block, bytes, at)) return block;
    this.#newest[slot] = this.#store.add(bytes, at) + 1;
    return -1;
  }
}
