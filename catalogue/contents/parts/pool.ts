import { pageSizeBytes } from '#proto/units';

/** The pool is larger than a compressor's window of a few pages, and stays in the last-level cache. */
const poolBytes = 8 << 20;
const poolSlots = poolBytes / 8;

/** xorshift32 (Marsaglia 2003); the state must not be 0. */
export const nextRandom = (state: number): number => {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
};

/** Random bytes from which page bodies are taken. Created once per host and shared by its threads. */
export const createPool = (seed: number): SharedArrayBuffer => {
  const shared = new SharedArrayBuffer(poolBytes + pageSizeBytes);
  const words = new Uint32Array(shared);
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state = nextRandom(state);
    words[index] = state;
  }
  return shared;
};

/** Mixes page, version and seed (finaliser of MurmurHash3). */
export const hashOf = (page: number, version: number, seed: number): number => {
  let hash = Math.imul(page ^ seed, 0xcc9e2d51) ^ Math.imul(version, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** The offset of a page version's bytes in the pool; a page of them follows. */
export const poolOffsetOf = (page: number, version: number, seed: number): number =>
  (hashOf(page, version, seed) % poolSlots) * 8;
