import { describe, expect, test } from '@jest/globals';
import { nextRandom } from '#catalogue/contents/parts/pool';
import read from '#catalogue/workloads/read';
import { readPatternNames } from '#catalogue/read-patterns';
import { loopbackGuest } from '#test/support/loopback-migration';

const slice = { first: 100, pages: 50 };

/** The pages read by this many steps, relative to the slice. */
const pagesRead = (pattern: string, steps: number): number[] => {
  const config = { ...loopbackGuest.workload, name: 'read', pattern } as const;
  const workload = read.create({
    config,
    slice,
    vcpu: 0,
    vcpus: 2,
    pageCount: 1000,
    registers: new Int32Array(16),
  });
  const pages: number[] = [];
  let state = 12345;
  const memory = {
    read: (page: number) => pages.push(page - slice.first),
    write: () => {
      throw new Error('a reader writes');
    },
  };
  const random = (): number => (state = nextRandom(state));
  for (let step = 0; step < steps; step++) workload.step(memory, random);
  expect(workload.stepsPerSecond).toBe(config.dirtyRatePagesPerSecond / 2);
  return pages;
};

describe('read', () => {
  test('sequential: page by page, over and over', () => {
    const pages = pagesRead('sequential', 60);
    expect(pages.slice(0, 3)).toEqual([0, 1, 2]);
    expect(pages.slice(48, 52)).toEqual([48, 49, 0, 1]);
  });

  test('strided: every 16th page, column by column, until all were read', () => {
    const pages = pagesRead('strided', 50);
    expect(pages.slice(0, 6)).toEqual([0, 16, 32, 48, 1, 17]);
    expect(new Set(pages).size).toBe(50);
    expect(pagesRead('strided', 54).slice(50, 52)).toEqual([0, 16]);
  });

  test('hot-set: most reads go to a tenth of the region; random ones are spread evenly', () => {
    const inHotPart = (pattern: string): number =>
      pagesRead(pattern, 5000).filter((page) => page < 5).length / 5000;
    expect(inHotPart('hot-set')).toBeGreaterThan(0.85);
    expect(inHotPart('random')).toBeLessThan(0.15);
    expect(new Set(pagesRead('random', 5000)).size).toBe(50);
  });

  test.each(readPatternNames)('%s stays within its slice', (pattern) => {
    for (const page of pagesRead(pattern, 500)) {
      expect(page).toBeGreaterThanOrEqual(0);
      expect(page).toBeLessThan(50);
    }
  });
});
