import { inOrder } from '../in-order.ts';
import { expectedEvaluations } from './bisection.ts';
import type { Labels } from './document.ts';
import { cellText } from './cells.ts';
import type { Ledger } from './ledger.ts';
import type { Block } from './plan.ts';
import { keyOf } from './plan.ts';

/** The outcome of a search. */
export interface SearchResult {
  repeat: number;
  /** The largest value that converged and the smallest that did not, adjacent; null beyond the range. */
  converged: number | null;
  notConverged: number | null;
}

/** The progress of a cell or search. */
export interface CellStanding {
  part: string;
  labels: Labels;
  /** Answered repetitions, and their total. */
  answered: number;
  wanted: number;
  /** Searches only: one for each repetition that has ended. */
  limits: SearchResult[] | null;
}

const standingOf = (block: Block, ledger: Ledger): CellStanding[] => {
  if (block.kind === 'trials')
    return block.trials.map(({ part, labels, repeat }) => ({
      part,
      labels,
      answered: ledger.answerTo({ part, labels, repeat }) === undefined ? 0 : 1,
      wanted: 1,
      limits: null,
    }));
  const { search, repeat } = block.search;
  const step = ledger.stepOf(block.search);
  const isOpen = 'evaluate' in step;
  return [
    {
      part: search.part,
      labels: search.labels,
      answered: isOpen ? 0 : 1,
      wanted: 1,
      limits: isOpen ? [] : [{ repeat, ...step }],
    },
  ];
};

/** Every cell and search of a plan, by part and label. */
export const standings = (blocks: readonly Block[], ledger: Ledger): CellStanding[] => {
  const all = blocks.flatMap((block) => standingOf(block, ledger));
  return [...Map.groupBy(all, ({ part, labels }) => keyOf(part, labels)).values()]
    .map((group) => ({
      ...group[0]!,
      answered: group.filter(({ answered }) => answered > 0).length,
      wanted: group.length,
      limits: group[0]!.limits === null ? null : group.flatMap(({ limits }) => limits ?? []),
    }))
    .map((standing) => ({ standing, text: cellText(standing.part, standing.labels) }))
    .toSorted((left, right) => inOrder(left.text, right.text))
    .map(({ standing }) => standing);
};

/**
 * Answered runs, and their estimated total: a search may take some more or less.
 */
export const countRuns = (blocks: readonly Block[], ledger: Ledger): { done: number; total: number } => {
  let done = 0;
  let total = 0;
  for (const block of blocks)
    if (block.kind === 'trials') {
      done += block.trials.filter((trial) => ledger.answerTo(trial) !== undefined).length;
      total += block.trials.length;
    } else {
      const made = ledger.evaluationsOf(block.search);
      const expected = expectedEvaluations(block.search.search.bisect);
      done += made;
      total += ledger.isComplete(block) ? made : Math.max(made + 1, expected);
    }
  return { done, total };
};
