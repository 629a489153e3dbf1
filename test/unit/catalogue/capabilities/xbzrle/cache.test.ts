import { expect, test } from '@jest/globals';
import { PageCache } from '#catalogue/capabilities/parts/xbzrle/cache';

test('has room for a power of two of pages, and maps them directly', () => {
  expect(new PageCache(3).sizeBytes).toBe(2 << 20);
  const cache = new PageCache(1);
  expect(cache.get(5, 1)).toBeNull();
  cache.insert(5, 1)!.bytes.fill(7, 5 * 4096, 6 * 4096);
  expect(cache.get(5, 1)).toMatchObject({ at: 5 * 4096 });
  expect(cache.get(5, 1)!.bytes[5 * 4096]).toBe(7);
});

test('a page makes room for another in its slot once it has been unused for two syncs', () => {
  const cache = new PageCache(1);
  cache.insert(5, 1);
  expect(cache.insert(5 + 256, 2)).toBeNull();
  expect(cache.get(5, 2)).not.toBeNull();
  expect(cache.insert(5 + 256, 3)).toBeNull();
  expect(cache.insert(5 + 256, 4)).not.toBeNull();
  expect(cache.get(5, 4)).toBeNull();
});

test('a forgotten page is gone, and its slot is free', () => {
  const cache = new PageCache(1);
  cache.insert(5, 1);
  cache.forget(5 + 256);
  expect(cache.get(5, 1)).not.toBeNull();
  cache.forget(5);
  expect(cache.get(5, 1)).toBeNull();
  expect(cache.insert(5 + 256, 1)).not.toBeNull();
});
