import { seedMax } from '#proto/guest';
import type { Scenario } from '../scenario.ts';
import type { Cell, Expansion, Search } from './cells.ts';
import type { Labels, PredictDocument } from './document.ts';
import { seededRandom } from '#proto/seeded-random';
import { evenChunks, shuffled } from './random.ts';

/** One repetition of one point: run until it is conclusive. */
export interface Trial {
  part: string;
  labels: Labels;
  /** The axis whose value was chosen by a search. */
  searched?: string;
  repeat: number;
  scenario: Scenario;
  /** What is to be predicted of the run before it begins. */
  predict?: PredictDocument;
}

/** A repetition of a search: its trials depend on their outcomes. */
export interface SearchTrials {
  search: Search;
  repeat: number;
  trialAt: (value: number) => Trial;
}

/** Consecutive runs over the same link, which may share a testbed. */
export type Block =
  | { kind: 'trials'; link: string; trials: readonly Trial[] }
  | { kind: 'search'; link: string; search: SearchTrials };

export interface PlanOptions {
  /** Seed of the order; repetition i of a cell runs with seed + i. */
  seed: number;
  blockRuns: number;
}

/** Identifies a trial or cell, regardless of the order of its labels. */
export const keyOf = (part: string, labels: Labels, repeat?: number): string =>
  JSON.stringify([part, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)), repeat ?? null]);

const seeded = (scenario: Scenario, seed: number, repeat: number): Scenario => ({
  ...scenario,
  seed: (seed + repeat) % (seedMax + 1),
});

const trialsOf = ({ part, labels, repeats, scenario, predict }: Cell, seed: number): Trial[] =>
  Array.from({ length: repeats }, (_, repeat) => ({
    part,
    labels,
    repeat,
    scenario: seeded(scenario, seed, repeat),
    ...(predict === null ? {} : { predict }),
  }));

const searchesOf = (search: Search, seed: number): SearchTrials[] =>
  Array.from({ length: search.repeats }, (_, repeat) => ({
    search,
    repeat,
    trialAt: (value) => ({
      part: search.part,
      labels: { ...search.labels, [search.bisect.axis]: value },
      searched: search.bisect.axis,
      repeat,
      scenario: seeded(search.scenarioAt(value), seed, repeat),
    }),
  }));

/** What must be the same for a testbed to be kept. */
const testbedKey = ({ link, driver, backend, congestionControl }: Scenario): string =>
  JSON.stringify([link, driver, backend, congestionControl]);

/**
 * Every trial in random order, within blocks of runs over the same link, which are in random order too, so that neither
 * cells nor links are confounded with the time of day. A search is a separate block, as each run depends on the last.
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

/** The stored plan: the order of the trials. */
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
