import type { Scenario } from '../scenario.ts';
import type { Cell, Expansion, Search } from './cells.ts';
import type { Labels } from './document.ts';
import { evenChunks, seededRandom, shuffled } from './random.ts';

/** One repetition of one point: to be run until it says something. */
export interface Trial {
  part: string;
  labels: Labels;
  repeat: number;
  scenario: Scenario;
}

/** A repetition of a search: which trials it takes, only their outcomes tell. */
export interface SearchTrials {
  search: Search;
  repeat: number;
  trialAt: (value: number) => Trial;
}

/** Runs in a row over the same link, so that they may share a testbed. */
export type Block =
  | { kind: 'trials'; link: string; trials: readonly Trial[] }
  | { kind: 'search'; link: string; search: SearchTrials };

export interface PlanOptions {
  /** Of the order; repetition i of a cell runs with seed + i. */
  seed: number;
  blockRuns: number;
}

/** The same trial or cell, whatever the order of the labels. */
export const keyOf = (part: string, labels: Labels, repeat?: number): string =>
  JSON.stringify([part, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)), repeat ?? null]);

const seeded = (scenario: Scenario, seed: number, repeat: number): Scenario => ({
  ...scenario,
  seed: (seed + repeat) % 2 ** 32,
});

const trialsOf = ({ part, labels, repeats, scenario }: Cell, seed: number): Trial[] =>
  Array.from({ length: repeats }, (_, repeat) => ({
    part,
    labels,
    repeat,
    scenario: seeded(scenario, seed, repeat),
  }));

const searchesOf = (search: Search, seed: number): SearchTrials[] =>
  Array.from({ length: search.repeats }, (_, repeat) => ({
    search,
    repeat,
    trialAt: (value) => ({
      part: search.part,
      labels: { ...search.labels, [search.bisect.axis]: value },
      repeat,
      scenario: seeded(search.scenarioAt(value), seed, repeat),
    }),
  }));

/** What has to be the same for a testbed to be kept. */
const testbedKey = ({ link, driver, backend, congestionControl }: Scenario): string =>
  JSON.stringify([link, driver, backend, congestionControl]);

/**
 * Every trial, in random order but for blocks of runs over the same link, whose order is random too: so neither a cell
 * nor a link is confounded with the time of day. A search is a block of its own, as each of its runs waits for the last.
 */
export const planOf = ({ cells, searches }: Expansion, { seed, blockRuns }: PlanOptions): Block[] => {
  const random = seededRandom(seed);
  const trials = cells.flatMap((cell) => trialsOf(cell, seed));
  const sameTestbed = Map.groupBy(trials, ({ scenario }) => testbedKey(scenario));
  const blocks: Block[] = [...sameTestbed.values()].flatMap((group) =>
    evenChunks(shuffled(group, random), blockRuns).map((chunk) => ({
      kind: 'trials' as const,
      link: chunk[0]!.scenario.link,
      trials: chunk,
    })),
  );
  for (const search of searches.flatMap((each) => searchesOf(each, seed)))
    blocks.push({
      kind: 'search',
      link: search.search.scenarioAt(search.search.bisect.low).link,
      search,
    });
  return shuffled(blocks, random);
};

/** The plan as it is stored: in what order which trials were to be run. */
export const planDocument = (blocks: readonly Block[]): unknown =>
  blocks.map((block) =>
    block.kind === 'trials'
      ? {
          link: block.link,
          trials: block.trials.map(({ part, labels, repeat }) => ({ part, cell: labels, repeat })),
        }
      : {
          link: block.link,
          bisection: {
            part: block.search.search.part,
            cell: block.search.search.labels,
            repeat: block.search.repeat,
            ...block.search.search.bisect,
          },
        },
  );
