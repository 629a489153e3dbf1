import type { RunResult } from '../result.ts';
import { estimateOf, medianOf } from '../trends/statistics.ts';
import { rules } from '../trends/tolerances.ts';
import type { Estimate } from '../trends/verdict.ts';
import type { MatchedCell, UnmatchedCell } from './cells.ts';
import { backendsOf, driversOf, matchCells } from './cells.ts';
import type { Quantity } from './quantities.ts';
import { quantities } from './quantities.ts';

export const comparisonVerdicts = ['regression', 'improvement', 'unchanged', 'too few', 'no ratio'] as const;
/** `no ratio`: A's figure is 0, so nothing can be over it. */
export type ComparisonVerdict = (typeof comparisonVerdicts)[number];

export interface ComparedQuantity {
  name: string;
  unit: string;
  better: Quantity['better'];
  /** Median (share: mean) of each set. */
  a: number;
  b: number;
  /** B over A with its confidence interval; null where there is none to form. */
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
  /** A change counts beyond this share. */
  threshold: number;
  /** Settings that may differ between A and B. */
  across: readonly string[];
  cells: ComparedCell[];
  onlyInA: UnmatchedCell[];
  onlyInB: UnmatchedCell[];
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

/** Only an interval that lies wholly beyond the threshold is a change; one that touches it may be chance. */
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
  const ratio = estimateOf((draw) => summarise(draw(ofB), quantity) / summarise(draw(ofA), quantity), '×');
  if (![ratio.value, ratio.low, ratio.high].every(Number.isFinite))
    return [{ ...figures, ratio: null, verdict: figures.a === figures.b ? 'unchanged' : 'no ratio' }];
  const isEnough = Math.min(ofA.length, ofB.length) >= rules.leastRepeats;
  return [{ ...figures, ratio, verdict: isEnough ? verdictOf(ratio, better, threshold) : 'too few' }];
};

const compareCell = (cell: MatchedCell, threshold: number): ComparedCell => ({
  name: cell.name,
  runs: { a: cell.a.length, b: cell.b.length },
  backends: { a: backendsOf(cell.a), b: backendsOf(cell.b) },
  drivers: { a: driversOf(cell.a), b: driversOf(cell.b) },
  quantities: quantities.flatMap((quantity) => compareQuantity(cell, quantity, threshold)),
});

/**
 * Two result sets side by side.
 * @throws LivemigError BAD_INPUT where they have no cell in common, or what measured them differs, unless that is asked for
 */
export const compareRuns = (
  runsA: readonly RunResult[],
  runsB: readonly RunResult[],
  { threshold, across }: CompareOptions,
): Comparison => {
  const { cells, onlyInA, onlyInB } = matchCells(runsA, runsB, { across });
  const compared = cells.map((cell) => compareCell(cell, threshold));
  const verdicts = compared.flatMap((cell) => cell.quantities.map(({ verdict }) => verdict));
  const countOf = (name: ComparisonVerdict): number => verdicts.filter((verdict) => verdict === name).length;
  return {
    threshold,
    across,
    cells: compared,
    onlyInA,
    onlyInB,
    counts: Object.fromEntries(
      comparisonVerdicts.map((name) => [name, countOf(name)]),
    ) as Comparison['counts'],
  };
};
