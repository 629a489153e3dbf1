import { describe, expect, test } from '@jest/globals';
import { planOf } from '#harness/sweep/plan';
import type { Block, Trial } from '#harness/sweep/plan';
import { evenChunks, shuffled } from '#harness/sweep/random';
import { seededRandom } from '#proto/seeded-random';
import { expansionOf } from '#test/support/sweep-file';

const file = `
name: order
guestScale: 1
repeats: 5
seed: 11
parts:
  one:
    grid:
      link: [lan-1g, lan-10g]
      strategy: [pre-copy, hybrid, post-copy]
  two:
    repeats: 2
    grid: { link: [lan-1g] }
  limit:
    repeats: 3
    scenario: { strategy: pre-copy }
    grid: { link: [lan-1g] }
    bisect: { axis: mb, sets: workload.region, unit: MiB, low: 8, high: 64, scale: geometric, resolution: 1.2 }
`;
const expansion = expansionOf(file);
const options = { seed: 11, blockRuns: 8 };
const plan = (change: Partial<typeof options> = {}): Block[] => planOf(expansion, { ...options, ...change });

const trialsOf = (blocks: readonly Block[]): Trial[] =>
  blocks.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
const nameOf = ({ part, labels, repeat }: Trial): string => JSON.stringify([part, labels, repeat]);

describe('a plan', () => {
  test('has every repetition of every cell once, each with its own seed', () => {
    const trials = trialsOf(plan());
    expect(trials).toHaveLength(2 * 3 * 5 + 2);
    expect(new Set(trials.map(nameOf)).size).toBe(trials.length);
    for (const { repeat, scenario } of trials) expect(scenario.seed).toBe(11 + repeat);
    expect(new Set(trials.map(({ scenario }) => scenario.name))).toEqual(new Set(['order.one', 'order.two']));
  });

  test('has blocks over one link each, as even as possible and none longer than asked for', () => {
    const sizes = plan().flatMap((block) => {
      if (block.kind === 'search') return [];
      expect(new Set(block.trials.map(({ scenario }) => scenario.link))).toEqual(new Set([block.link]));
      return [block.trials.length];
    });
    // 17 runs over lan-1g, 15 over lan-10g.
    expect(sizes.toSorted()).toEqual([5, 6, 6, 7, 8]);
  });

  test('gives each repetition of a search its own block and seed', () => {
    const searches = plan().flatMap((block) => (block.kind === 'search' ? [block.search] : []));
    expect(searches.map(({ repeat }) => repeat).toSorted()).toEqual([0, 1, 2]);
    const trial = searches.find(({ repeat }) => repeat === 2)!.trialAt(22.6);
    expect(trial).toMatchObject({ part: 'limit', labels: { link: 'lan-1g', mb: 22.6 }, repeat: 2 });
    expect(trial.scenario).toMatchObject({ seed: 13, strategy: 'pre-copy' });
    expect(trial.scenario.workload.regionBytes).toBe(Math.round((22.6 * 2 ** 20) / 4096) * 4096);
  });

  test('has the same order for the same seed, and another for another', () => {
    const order = (seed: number): string => trialsOf(plan({ seed })).map(nameOf).join();
    expect(order(11)).toBe(order(11));
    expect(order(12)).not.toBe(order(11));
  });

  test('confounds neither link nor cell with time', () => {
    const positions = new Map<string, number[]>();
    const seeds = 400;
    for (let seed = 0; seed < seeds; seed++)
      for (const [position, { part, scenario }] of trialsOf(plan({ seed })).entries())
        for (const key of [scenario.link, `${part} ${scenario.strategy}`])
          positions.set(key, [...(positions.get(key) ?? []), position]);
    const middle = (2 * 3 * 5 + 2 - 1) / 2;
    for (const where of positions.values()) {
      const mean = where.reduce((sum, position) => sum + position, 0) / where.length;
      expect(Math.abs(mean - middle)).toBeLessThan(1);
    }
  });
});

test('shuffling leaves every order equally likely', () => {
  const random = seededRandom(3);
  const counts = new Map<string, number>();
  for (let index = 0; index < 6000; index++) {
    const order = shuffled(['a', 'b', 'c'], random).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('chunks differ by one at most', () => {
  expect(evenChunks([1, 2, 3, 4, 5, 6, 7], 3).map(({ length }) => length)).toEqual([2, 3, 2]);
  expect(evenChunks([], 3)).toEqual([]);
});
