import { describe, expect, test } from '@jest/globals';
import { Ascending } from '#catalogue/capabilities/parts/prepaging/ascending';
import { Bubbling, pivotsMax } from '#catalogue/capabilities/parts/prepaging/bubbling';
import { Growing } from '#catalogue/capabilities/parts/prepaging/growing';
import type { PageOrder } from '#catalogue/capability';
import { PageSet } from '#hosts/guest/page-set';

const take = (order: PageOrder, pages: PageSet, count: number): number[] =>
  Array.from({ length: count }, () => {
    const page = order.next(pages, 0);
    pages.delete(page);
    return page;
  });
/** The page itself is answered at once, as DemandFaults does. */
const fault = (order: PageOrder, pages: PageSet, page: number): void => {
  pages.delete(page);
  order.faulted?.(page);
};

describe.each([
  ['none', () => new Ascending()],
  ['bubbling', () => new Bubbling()],
  ['growing', () => new Growing()],
] as const)('%s', (_, make) => {
  test('sends every page once, whatever faults come', () => {
    for (let seed = 1; seed < 50; seed++) {
      const order = make();
      const pages = PageSet.all(300);
      const sent: number[] = [];
      let state = seed;
      while (pages.count > 0) {
        state = (state * 48271) % 2147483647;
        if (state % 5 === 0 && pages.has(state % 300)) {
          sent.push(state % 300);
          fault(order, pages, state % 300);
        } else sent.push(...take(order, pages, 1));
      }
      expect(sent.sort((a, b) => a - b)).toEqual([...Array(300).keys()]);
    }
  });
});

test('none: a fault changes nothing', () => {
  const order = new Ascending();
  const pages = PageSet.all(100);
  expect(take(order, pages, 3)).toEqual([0, 1, 2]);
  fault(order, pages, 50);
  expect(take(order, pages, 3)).toEqual([3, 4, 5]);
});

describe('bubbling', () => {
  test('grows on both sides of the fault in turn', () => {
    const order = new Bubbling();
    const pages = PageSet.all(100);
    fault(order, pages, 50);
    expect(take(order, pages, 6)).toEqual([51, 49, 52, 48, 53, 47]);
  });

  test('continues on one side once the other has met pages already sent', () => {
    const order = new Bubbling();
    const pages = PageSet.of(100, [49, 51, 52, 53, 90]);
    fault(order, pages, 50);
    expect(take(order, pages, 5)).toEqual([51, 49, 52, 53, 90]);
  });

  test('several pivots take turns, the newest first', () => {
    const order = new Bubbling();
    const pages = PageSet.all(1000);
    fault(order, pages, 100);
    fault(order, pages, 500);
    expect(take(order, pages, 6)).toEqual([501, 101, 499, 99, 502, 102]);
  });

  test('at the maximum, the oldest pivot is dropped', () => {
    const order = new Bubbling();
    const pages = PageSet.all(1000);
    for (let pivot = 0; pivot <= pivotsMax; pivot++) fault(order, pages, pivot * 100);
    const first = take(order, pages, pivotsMax);
    expect(first).toEqual(Array.from({ length: pivotsMax }, (_, turn) => (pivotsMax - turn) * 100 + 1));
    expect(take(order, pages, 1)).toEqual([pivotsMax * 100 - 1]);
  });

  test('without pivots, ascends from 0', () => {
    expect(take(new Bubbling(), PageSet.all(10), 3)).toEqual([0, 1, 2]);
  });
});

describe('growing', () => {
  test('continues behind the fault, in chunks that double up to 4 MiB and start over at each fault', () => {
    const order = new Growing();
    const pages = PageSet.all(5000);
    fault(order, pages, 100);
    const chunks: number[] = [];
    for (let left = 3000; left > 0;) {
      const chunk = order.batchPagesMax;
      chunks.push(chunk);
      take(order, pages, Math.min(chunk, left));
      left -= chunk;
    }
    expect(chunks.slice(0, 8)).toEqual([16, 32, 64, 128, 256, 512, 1024, 1024]);
    fault(order, pages, 4500);
    expect(order.batchPagesMax).toBe(16);
    expect(take(order, pages, 2)).toEqual([4501, 4502]);
  });
});
