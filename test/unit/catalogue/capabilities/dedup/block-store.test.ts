import { describe, expect, test } from '@jest/globals';
import { blockBytes, BlockIndex, BlockStore } from '#catalogue/capabilities/parts/dedup/block-store';

const blockOf = (...bytes: number[]): { bytes: Buffer; words: Int32Array } => {
  const words = new Int32Array(blockBytes / 4);
  const block = Buffer.from(words.buffer);
  for (const [at, byte] of bytes.entries()) block[at] = byte;
  return { bytes: block, words };
};

const find = (index: BlockIndex, ...bytes: number[]): number => {
  const block = blockOf(...bytes);
  return index.findOrAdd(block.bytes, block.words, 0);
};

describe('blocks', () => {
  test('are found under their number once stored', () => {
    const index = new BlockIndex(new BlockStore(1));
    expect(find(index, 1)).toBe(-1);
    expect(find(index, 2)).toBe(-1);
    expect(find(index, 1)).toBe(0);
    expect(find(index, 2)).toBe(1);
  });

  test('with the same hash but different bytes are not confused', () => {
    const index = new BlockIndex(new BlockStore(1));
    // Only every fourth word is hashed: the fifth byte is in none of them.
    expect(find(index, 1, 0, 0, 0, 7)).toBe(-1);
    expect(find(index, 1, 0, 0, 0, 8)).toBe(-1);
    expect(find(index, 1, 0, 0, 0, 8)).toBe(1);
  });

  test('make room for newer ones, oldest first', () => {
    const store = new BlockStore(1);
    const index = new BlockIndex(store);
    find(index, 1);
    for (let block = 1; block <= store.blockCount; block++) find(index, 2, 0, 0, 0, 0, 0, 0, 0, block & 255, block >> 8, 1); // prettier-ignore
    expect(find(index, 1)).toBe(-1);
  });

  test('that never came are not found', () => {
    const store = new BlockStore(1);
    store.add(Buffer.alloc(blockBytes), 0);
    expect([store.has(0), store.has(1), store.has(NaN)]).toEqual([true, false, false]);
  });
});
