import { describe, expect, test } from '@jest/globals';
import { PageSet } from '#hosts/guest/page-set';

const pagesOf = (set: PageSet): number[] =>
  [...set.runs()].flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index));

describe('PageSet', () => {
  test.each([1, 31, 32, 33, 64, 1000])('all(%i) holds every page and none beyond the last', (pageCount) => {
    const set = PageSet.all(pageCount);
    expect(set.count).toBe(pageCount);
    expect(pagesOf(set)).toEqual(Array.from({ length: pageCount }, (_, page) => page));
    expect(set.next(pageCount)).toBe(-1);
  });

  test('agrees with a Set under random operations', () => {
    const set = new PageSet(500);
    const model = new Set<number>();
    let random = 12_345;
    for (let step = 0; step < 20_000; step++) {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      const page = (random >>> 8) % 500;
      if ((random & 1) === 0) {
        set.add(page);
        model.add(page);
      } else expect(set.delete(page)).toBe(model.delete(page));
      expect(set.count).toBe(model.size);
    }
    expect(pagesOf(set)).toEqual([...model].sort((a, b) => a - b));
  });

  test('drain takes every bit once', () => {
    const bitmap = new Int32Array(new SharedArrayBuffer(16));
    bitmap.set([1, -1, 0, 1 << 31]);
    const set = PageSet.drain(128, bitmap);
    expect(set.count).toBe(34);
    expect(set.has(127)).toBe(true);
    expect(PageSet.drain(128, bitmap).count).toBe(0);
  });

  test('addAll counts pages in both sets once', () => {
    const set = PageSet.of(100, [1, 2, 99]);
    set.addAll(PageSet.of(100, [2, 3, 64]));
    expect(pagesOf(set)).toEqual([1, 2, 3, 64, 99]);
    expect(set.count).toBe(5);
  });
});
