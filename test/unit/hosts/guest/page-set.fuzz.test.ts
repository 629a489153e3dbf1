import { describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { PageSet } from '#hosts/guest/page-set';
import { fuzz } from '#test/support/fuzz';

/** Sizes around the words of the bitmap, with long runs as well as single pages. */
const sized = fc.integer({ min: 1, max: 200 }).chain((pageCount) => {
  const run = fc.tuple(fc.nat(pageCount - 1), fc.integer({ min: 1, max: 80 }));
  const pages = fc
    .array(run, { maxLength: 6 })
    .map(
      (runs) =>
        new Set(runs.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index))),
    )
    .map((all) => [...all].filter((page) => page < pageCount).sort((left, right) => left - right));
  return fc.record({
    pageCount: fc.constant(pageCount),
    pages,
    others: pages,
    runsMax: fc.integer({ min: 1, max: 4 }),
  });
});

const pagesOf = (pairs: readonly number[]): number[] => {
  const pages: number[] = [];
  for (let run = 0; run < pairs.length; run += 2)
    for (let index = 0; index < pairs[run + 1]!; index++) pages.push(pairs[run]! + index);
  return pages;
};

describe('page sets, fuzzed', () => {
  fuzz('runs are the pages, ascending, and as few as can be', sized, ({ pageCount, pages }) => {
    const runs = [...PageSet.of(pageCount, pages).runs()];
    expect(pagesOf(runs.flatMap(({ first, count }) => [first, count]))).toEqual(pages);
    for (const [index, { first }] of runs.entries())
      if (index > 0) expect(first).toBeGreaterThan(runs[index - 1]!.first + runs[index - 1]!.count);
  });

  fuzz('runs in portions are the same runs', sized, ({ pageCount, pages, runsMax }) => {
    const set = PageSet.of(pageCount, pages);
    const all: number[] = [];
    let portions = 0;
    for (let from = 0; from !== -1; portions++) {
      const { pairs, next } = set.runPairs(from, runsMax);
      expect(pairs.length).toBeLessThanOrEqual(2 * runsMax);
      all.push(...pairs);
      from = next;
    }
    const runs = [...set.runs()];
    expect(all).toEqual(runs.flatMap(({ first, count }) => [first, count]));
    expect(portions).toBe(Math.max(1, Math.ceil(runs.length / runsMax)));
  });

  fuzz('deleteAll takes the others out, and counts', sized, ({ pageCount, pages, others }) => {
    const set = PageSet.of(pageCount, pages);
    set.deleteAll(PageSet.of(pageCount, others));
    const left = pages.filter((page) => !others.includes(page));
    expect([...set.runs()].flatMap(({ first, count }) => pagesOf([first, count]))).toEqual(left);
    expect(set.count).toBe(left.length);
  });
});
