import type { RunResult } from '../result.ts';
import { estimateOf, medianOf } from '../trends/statistics.ts';
import { usualRules } from '../trends/tolerances.ts';
import type { Estimate } from '../trends/verdict.ts';
import type { MatchedCell, UnmatchedCell } from './cells.ts';
import { backendsOf, driversOf, matchCells } from './cells.ts';
import type { Quantity } from './quantities.ts';
import { quantities } from './quantities.ts';

const comparisonVerdicts = ['regression', 'improvement', 'unchanged', 'too few', 'no ratio'] as const;
/** `no ratio`: A's figure is 0. */
export type ComparisonVerdict = (typeof comparisonVerdicts)[number];

export interface ComparedQuantity {
  name: string;
  unit: string;
  better: Quantity['better'];
  /** Median (share: mean) of each set. */
  a: number;
  b: number;
  /** B over A with its confidence interval; null if there is no ratio. */
  ratio: Estimate | null;
  verdict: ComparisonVerdict;
}

export interface ComparedCell {
  name: string;
  runs: { a: number; b: number };
  backends: { a: string[]; b: string[] };
  drivers: { a: string[]; b: string[] };
  quantities: ComparedQuantity[];
}

export interface Comparison {
  /** Smallest relative change that counts. */
  threshold: number;
  /** Settings that may differ between A and B. */
  across: readonly string[];
  cells: ComparedCell[];
  onlyInA: UnmatchedCell[];
  onlyInB: UnmatchedCell[];
  /** Cells of searches that took different paths in the two sets: not compared, and not counted as missing. */
  leftOut: { a: number; b: number };
  counts: Record<ComparisonVerdict, number>;
}

export interface CompareOptions {
  threshold: number;
  across: readonly string[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;
const summarise = (values: readonly number[], { summary }: Quantity): number =>
  summary === 'mean' ? mean(values) : medianOf(values, (value) => value);

/** A change needs an interval entirely beyond the threshold; otherwise it may be chance. */
const verdictOf = (
  { low, high }: Estimate,
  better: Quantity['better'],
  threshold: number,
): ComparisonVerdict => {
  const isMore = low > 1 + threshold;
  const isLess = high < 1 - threshold;
  if (!isMore && !isLess) return 'unchanged';
  return isMore === (better === 'lower') ? 'regression' : 'improvement';
};

const compareQuantity = (
  { a, b }: MatchedCell,
  quantity: Quantity,
  threshold: number,
): ComparedQuantity[] => {
  const valuesOf = (runs: readonly RunResult[]): number[] =>
    runs.map(quantity.of).filter((value) => value !== null);
  const [ofA, ofB] = [valuesOf(a), valuesOf(b)];
  if (ofA.length === 0 || ofB.length === 0) return [];
  const { name, unit, better } = quantity;
  const figures = { name, unit, better, a: summarise(ofA, quantity), b: summarise(ofB, quantity) };
  const ratio = estimateOf(
    (draw) => summarise(draw(ofB), quantity) / summarise(draw(ofA), quantity),
    '×',
    usualRules,
  );
  if (![ratio.value, ratio.low, ratio.high].every(Number.isFinite))
    return [{ ...figures, ratio: null, verdict: figures.a === figures.b ? 'unchanged' : 'no ratio' }];
  const isEnough = Math.min(ofA.length, ofB.length) >= usualRules.leastRepeats;
  return [{ ...figures, ratio, verdict: isEnough ? verdictOf(ratio, better, threshold) : 'too few' }];
};

export const compareCell = (cell: MatchedCell, threshold: number): ComparedCell => ({
  name: cell.name,
  runs: { a: cell.a.length, b: cell.b.length },
  backends: { a: backendsOf(cell.a), b: backendsOf(cell.b) },
  drivers: { a: driversOf(cell.a), b: driversOf(cell.b) },
  quantities: quantities.flatMap((quantity) => compareQuantity(cell, quantity, threshold)),
});

/**
 * Compares two result sets.
 * @throws LivemigError BAD_INPUT if they have no cell in common, or different instruments, unless that is allowed
 */
export const compareRuns = (
  runsA: readonly RunResult[],
  runsB: readonly RunResult[],
  { threshold, across }: CompareOptions,
): Comparison => {
  const { cells, onlyInA, onlyInB, leftOut } = matchCells(runsA, runsB, { across });
  const compared = cells.map((cell) => compareCell(cell, threshold));
  const verdicts = compared.flatMap((cell) => cell.quantities.map(({ verdict }) => verdict));
  const countOf = (name: ComparisonVerdict): number => verdicts.filter((verdict) => verdict === name).length;
  return {
    threshold,
    across,
    cells: compared,
    onlyInA,
    onlyInB,
    leftOut,
    counts: Object.fromEntries(
      comparisonVerdicts.map((name) => [name, countOf(name)]),
    ) as Comparison['counts'],
  };
};
