import type { Figure } from '../measure/figures.ts';
import { figurePlaces } from '../measure/figures.ts';
import { nearest } from '../nearest.ts';
import { shown } from '../shown.ts';
import { expectedQuantity, parseQuantity } from './quantity.ts';

/** A bound on a figure of repeated runs, as k6 writes it: `p95 < 300`. */
export interface Threshold {
  /** Id of the figure (harness/measure/figures.ts). */
  figure: string;
  /** `every`: each run has to keep it. */
  aggregate: Aggregate;
  operator: Operator;
  /** In the figure's unit; of `count`, a number of runs. */
  value: number;
  /** As it was written. */
  text: string;
}

/** `count` is the number of runs that have the figure. */
export const aggregates = ['every', 'min', 'avg', 'med', 'p90', 'p95', 'p99', 'max', 'count'] as const;
export type Aggregate = (typeof aggregates)[number];

export const operators = ['<', '<=', '>', '>=', '==', '!='] as const;
export type Operator = (typeof operators)[number];

const prefix = 'measurement.';

/** A figure's name in a scenario: its path, without `measurement.` in front. */
export const nameOfFigure = (id: string): string => (id.startsWith(prefix) ? id.slice(prefix.length) : id);

const byName: ReadonlyMap<string, Figure> = new Map(
  figurePlaces.map((figure) => [nameOfFigure(figure.id), figure]),
);
/** Every name that a threshold may have. */
export const thresholdNames: readonly string[] = [...byName.keys()];

/** @returns the figure, or what is wrong with the name. */
const figureNamed = (name: string): Figure | string => {
  const figure = byName.get(nameOfFigure(name));
  if (figure !== undefined) return figure;
  const guess = nearest(name, thresholdNames);
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return `unknown figure ${shown(name)}${hint} (docs/figures.md has all of them)`;
};

/** Longer texts are no bounds. */
const textMax = 200;
const bound = /^\s*([a-z]\w*)?\s*(?:\(\s*(\d+)\s*\)\s*)?(<=|>=|==|!=|<|>)\s*(.*?)\s*$/i;
const example = 'a bound like "p95 < 300" or "< 2 GiB"';

/** @returns the threshold, or what is wrong with its text. */
const read = ({ id, unit }: Figure, text: string): Threshold | string => {
  const match = text.length > textMax ? null : bound.exec(text);
  if (match === null) return `expected ${example}, got ${shown(text)}`;
  const [, word = 'every', percent = '', operator, quantity = ''] = match;
  // k6 writes p(95).
  const wanted = `${word}${percent}`.toLowerCase();
  const aggregate = aggregates.find((each) => each === wanted);
  if (aggregate === undefined) {
    const guess = nearest(wanted, aggregates);
    return `unknown aggregate ${shown(wanted)}${guess === undefined ? '' : `; did you mean "${guess}"?`} (known: ${aggregates.join(', ')})`;
  }
  const of = aggregate === 'count' ? 'count' : unit;
  const value = parseQuantity(of, quantity);
  if (value === undefined)
    return `expected ${expectedQuantity[of]} after ${operator ?? ''}, got ${shown(quantity)}`;
  return { figure: id, aggregate, operator: operator as Operator, value, text: text.trim() };
};

export interface ReadThresholds {
  thresholds: Threshold[];
  /** With the figure that each is about. */
  problems: { name: string; problem: string }[];
}

/** The `thresholds` of a scenario: figures, each with its bound or bounds. */
export const readThresholds = (section: Readonly<Record<string, unknown>>): ReadThresholds => {
  const found: ReadThresholds = { thresholds: [], problems: [] };
  for (const [name, given] of Object.entries(section)) {
    const figure = figureNamed(name);
    const add = (problem: string): void => {
      found.problems.push({ name, problem });
    };
    if (typeof figure === 'string') {
      add(figure);
      continue;
    }
    const texts: unknown[] = Array.isArray(given) ? given : [given];
    if (texts.length === 0) add(`expected ${example}, got none`);
    for (const text of texts) {
      const threshold =
        typeof text === 'string' ? read(figure, text) : `expected ${example}, got ${shown(text)}`;
      if (typeof threshold === 'string') add(threshold);
      else found.thresholds.push(threshold);
    }
  }
  return found;
};
