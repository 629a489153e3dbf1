import type { CompletedRun, RunResult } from '#harness/result';
import { medianOf } from '#harness/trends/statistics';
import type { Labels, SetUp } from '#harness/trends/set-ups';
import { matches } from '#harness/trends/set-ups';
import { scaleText } from '#harness/trends/words';
import type { CurvePoint } from './curves.ts';

/** Runs of a part whose cell has these labels, regardless of other axes. */
export const inCell = ({ cells }: SetUp, part: string, labels: Labels = {}): RunResult[] =>
  cells.filter((cell) => matches(cell, part, labels)).flatMap(({ runs }) => [...runs]);

/** Likewise, completed runs only. */
export const completedIn = ({ cells }: SetUp, part: string, labels: Labels = {}): CompletedRun[] =>
  cells.filter((cell) => matches(cell, part, labels)).flatMap(({ completed }) => [...completed]);

export type Quantity = (run: CompletedRun) => number;

/**
 * The median of a cell's completed runs with their range, or nothing if none completed.
 * @param scale what the quantity is divided by for the comparison
 */
export const pointOf = (
  x: number,
  runs: readonly CompletedRun[],
  quantity: Quantity,
  scale: number,
): CurvePoint[] => {
  if (runs.length === 0) return [];
  const values = runs.map(quantity);
  const raw = medianOf(runs, quantity);
  const isAlone = values.length === 1;
  return [
    {
      x,
      y: raw / scale,
      low: isAlone ? null : Math.min(...values) / scale,
      high: isAlone ? null : Math.max(...values) / scale,
      runs: values.length,
      raw,
    },
  ];
};

/** A published value, with its σ if the document gives one. */
export const publishedPoint = (x: number, y: number, sigma?: number): CurvePoint => ({
  x,
  y,
  low: sigma === undefined ? null : y - sigma,
  high: sigma === undefined ? null : y + sigma,
  runs: null,
  raw: null,
});

/** The values along an axis of a part, sorted. */
export const axisValues = ({ cells }: SetUp, part: string, axis: string): number[] => [
  ...new Set(
    cells
      .filter((cell) => cell.part === part)
      .map(({ labels }) => labels[axis])
      .filter((value) => typeof value === 'number')
      .sort((one, other) => one - other),
  ),
];

/** The caption's text about the scale of measured seconds and bytes. */
export const scaleNote = (scale: number): string =>
  scale === 1
    ? 'Guests have their published size (κ_M = 1); nothing is scaled.'
    : `Guests have ${scaleText(scale)} of their published memory (κ_M = ${scaleText(scale)}); links are real. ` +
      'Measured values are divided by κ_M for the comparison, so fixed overheads weigh ' +
      `${Math.round(1 / scale)} times as much as in a full-size guest; raw values are in the data below.`;
