import type { Check, ModelName, Needs, PaperRun } from 'livemig/study';
import { figure } from 'livemig/study';
import type { PredictedCell, Quantity, Summary } from '../errors.ts';
import {
  cyclicCells,
  errorOf,
  errorsText,
  quantityText,
  runsOf,
  strategyCells,
  summaryText,
  tableCells,
} from '../errors.ts';
import { publishedPair, workloads } from '../published.ts';

/** Each workload's error in the document's table, computed from its printed figures. */
const publishedErrors = (quantity: Quantity): string =>
  workloads
    .map((workload) => {
      const { measured, predicted } = publishedPair(workload, quantity);
      return `${workload} ${figure((100 * Math.abs(predicted - measured)) / measured)} %`;
    })
    .join(', ');

/** Runs whose predictions are off by this much. */
const off = (isIt: (run: PaperRun) => boolean, model: ModelName, quantity: Quantity, factor: number) => ({
  setup: `${model} off by ${figure(Math.abs(factor - 1) * 100)} % in ${quantityText[quantity]}`,
  spoil: (runs: readonly PaperRun[]) =>
    runs.map((run) => {
      const { predicted } = run;
      if (predicted === undefined || !isIt(run)) return run;
      return {
        ...run,
        predicted: predicted.map((each) =>
          each.model === model ? { ...each, [quantity]: each[quantity] * factor } : each,
        ),
      };
    }),
});

interface Claim {
  ids: readonly [string, string, string, string];
  model: ModelName;
  /** What is migrated, and how. */
  what: string;
  table: string;
  /** What the document has; null = nothing. */
  published: ((quantity: Quantity) => string) | null;
  cells: (need: Needs) => PredictedCell[];
  isIt: (run: PaperRun) => boolean;
}

const claimed: readonly [Quantity, Summary][] = [
  ['totalTimeMs', 'mean'],
  ['totalTimeMs', 'p90'],
  ['downtimeMs', 'mean'],
  ['downtimeMs', 'p90'],
];

/** Mean and 90th percentile of the errors of time and downtime. */
const errorChecks = ({ ids, model, what, table, published, cells, isIt }: Claim): Check[] =>
  claimed.map(([quantity, summary], index): Check => ({
    id: ids[index]!,
    statement: `Error of ${model.toUpperCase()} in ${quantityText[quantity]}, ${summaryText[summary]}: ${what}`,
    table,
    published: published?.(quantity) ?? 'not predicted',
    ...(published === null ? { publishedVerdict: 'not measured' } : {}),
    control: off(isIt, model, quantity, 1.5),
    prepare: (need) => {
      const found = cells(need);
      return () => ({
        statistic: (draw) => errorOf(draw, found, model, quantity, summary),
        detail: errorsText(found, model, quantity, figure),
        explanation: `${runsOf(found).length} runs with other seeds, which began after they were predicted`,
      });
    },
  }));

const isOfTable = ({ part }: PaperRun): boolean => part === 'workloads' || part === 'cyclic';
const isOf =
  (strategy: string) =>
  ({ part, cell }: PaperRun): boolean =>
    part === 'other-strategies' && cell['strategy'] === strategy;

const ofTable = (model: ModelName) => ({
  model,
  what: 'pre-copy under Xen’s rule',
  cells: (need: Needs) => [...tableCells(need, model), ...cyclicCells(need, model, 0)],
  isIt: isOfTable,
});
const notPublished = { table: 'none', published: null };

const better: Check = {
  id: '15m',
  statement: 'HIST is better than AVG for a guest with cyclic behaviour: their mean errors in migration time',
  table: 'HIST model',
  published: '“for guests with cyclic behaviour”; no figures',
  publishedVerdict: 'not measured',
  control: off(({ part }) => part === 'cyclic', 'hist', 'totalTimeMs', 1.6),
  prepare: (need) => {
    const hist = cyclicCells(need, 'hist');
    const avg = cyclicCells(need, 'avg');
    return () => ({
      statistic: (draw) =>
        errorOf(draw, hist, 'hist', 'totalTimeMs', 'mean') / errorOf(draw, avg, 'avg', 'totalTimeMs', 'mean'),
      detail: `HIST: ${errorsText(hist, 'hist', 'totalTimeMs', figure)}; AVG: ${errorsText(avg, 'avg', 'totalTimeMs', figure)}`,
      explanation: 'AVG knows the mean dirty rate only; HIST knows what the guest does when.',
    });
  },
};

export const predictionChecks: readonly Check[] = [
  ...errorChecks({
    ...ofTable('hist'),
    ids: ['15i', '15j', '15k', '15l'],
    table: 'table of CPU, WEB, SFS and MR',
    published: publishedErrors,
  }),
  better,
  ...errorChecks({ ...ofTable('sim'), ...notPublished, ids: ['15n', '15o', '15p', '15q'] }),
  ...[
    { strategy: 'post-copy', ids: ['15r', '15s', '15t', '15u'] as const },
    { strategy: 'hybrid', ids: ['15v', '15w', '15x', '15y'] as const },
  ].flatMap(({ strategy, ids }) =>
    errorChecks({
      ...notPublished,
      ids,
      model: 'sim',
      what: `${strategy} of the cyclic guest`,
      cells: (need) => strategyCells(need, strategy),
      isIt: isOf(strategy),
    }),
  ),
];
