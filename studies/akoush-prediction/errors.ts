import type { ComparedRun, CompletedRun, Draw, ModelName, Needs, Runs } from 'livemig/study';
import { everything, percentile, predictedAndMeasured, sorted } from 'livemig/study';
import { workloads } from './published.ts';

/** How far predictions were off, on runs with other seeds that began after them. */

export type Quantity = 'totalTimeMs' | 'downtimeMs';
export const quantities: readonly Quantity[] = ['totalTimeMs', 'downtimeMs'];
export const quantityText: Readonly<Record<Quantity, string>> = {
  totalTimeMs: 'migration time',
  downtimeMs: 'downtime',
};

/** Runs of one guest from one moment on, all of which a model predicted. */
export interface PredictedCell {
  label: string;
  runs: Runs;
}

/** A model's prediction of a run, which there is for every run of a `PredictedCell`. */
export const predictionOf = (run: CompletedRun, model: ModelName): ComparedRun =>
  predictedAndMeasured(run, model)!;

/** Keeps the cells that were predicted; the others are recorded as missing. */
const predictedBy = (need: Needs, model: ModelName, cells: readonly PredictedCell[]): PredictedCell[] =>
  cells.filter(({ label, runs }) => {
    const isWhole = runs.length > 0 && runs.every((run) => predictedAndMeasured(run, model) !== null);
    if (runs.length > 0 && !isWhole) need.lacks(`${label}: runs that ${model} predicted before they began`);
    return isWhole;
  });

/** @param least as many moments are needed */
export const cyclicCells = (need: Needs, model: ModelName, least = 1): PredictedCell[] =>
  predictedBy(
    need,
    model,
    need
      .along('cyclic', {}, 'startAtMs', least)
      .map(({ at, runs }) => ({ label: `cyclic from ${at} ms on`, runs })),
  );

/** The workloads of the document's table. */
export const tableCells = (need: Needs, model: ModelName): PredictedCell[] =>
  predictedBy(
    need,
    model,
    workloads.map((workload) => ({ label: workload, runs: need.cell('workloads', { workload }) })),
  );

export const strategyCells = (need: Needs, strategy: string): PredictedCell[] =>
  predictedBy(need, 'sim', [{ label: strategy, runs: need.cell('other-strategies', { strategy }) }]);

export const runsOf = (cells: readonly PredictedCell[]): CompletedRun[] => cells.flatMap(({ runs }) => runs);

/** Each run's error in %. */
const errorsOf = (
  draw: Draw,
  cells: readonly PredictedCell[],
  model: ModelName,
  quantity: Quantity,
): number[] =>
  cells.flatMap(({ runs }) => draw(runs).map((run) => 100 * predictionOf(run, model)[quantity].error));

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const summaries = { mean, p90: (values: readonly number[]) => percentile(sorted(values), 0.9) ?? NaN };
export type Summary = keyof typeof summaries;
export const summaryText: Readonly<Record<Summary, string>> = { mean: 'mean', p90: '90th percentile' };

/** In %. */
export const errorOf = (
  draw: Draw,
  cells: readonly PredictedCell[],
  model: ModelName,
  quantity: Quantity,
  summary: Summary,
): number => summaries[summary](errorsOf(draw, cells, model, quantity));

/** `CPU 1.2 %, WEB 3 %` */
export const errorsText = (
  cells: readonly PredictedCell[],
  model: ModelName,
  quantity: Quantity,
  show: (value: number) => string,
): string =>
  cells
    .map((cell) => `${cell.label} ${show(errorOf(everything, [cell], model, quantity, 'mean'))} %`)
    .join(', ');
