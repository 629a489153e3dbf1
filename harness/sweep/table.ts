import { inOrder } from '../in-order.ts';
import { figureAt } from '../measure/figures.ts';
import { spreadText } from '../report/figure-rows.ts';
import type { RunResult } from '../result.ts';
import { cellText } from './cells.ts';

/** What a sweep measured, a line for each cell. */

const shown = ['totalTimeMs', 'downtimeMs', 'ram.transferred'].map((id) => `measurement.${id}`);

/** `3`, or `2 of 3` where some did not complete. */
const countText = (runs: readonly RunResult[]): string => {
  const completed = runs.filter(({ state }) => state === 'completed').length;
  return completed === runs.length ? String(completed) : `${completed} of ${runs.length}`;
};

/**
 * The cells that were measured, as lines with a head: medians and ranges of their completed runs. What a search tried is left
 * out: its limits are its result. Runs that were spoilt, and repeated, don't count. Pure.
 */
export const cellsTable = (results: readonly RunResult[]): string[] => {
  const runs = results.filter(({ sweep, state }) => sweep?.searched === undefined && state !== 'invalid');
  const cells = [
    ...Map.groupBy(runs, ({ sweep }) => (sweep === null ? '' : cellText(sweep.part, sweep.cell))),
  ]
    .filter(([name]) => name !== '')
    .toSorted(([a], [b]) => inOrder(a, b));
  if (cells.length === 0) return [];
  const rows = [
    ['cell', 'runs', ...shown.map((id) => figureAt(id).label)],
    ...cells.map(([name, group]) => [
      name,
      countText(group),
      ...shown.map((id) => spreadText(group, id, ' … ')),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
};
