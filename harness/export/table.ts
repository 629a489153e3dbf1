import type { CsvTable } from '../report/csv.ts';
import type { Entry } from './flatten.ts';

/** The columns of one row, in groups that stay together in the table. */
export type Row = readonly (readonly Entry[])[];

/**
 * A table of rows with different columns: missing values are empty. Columns come group by group, each in the order of
 * first appearance, so that a failed run at the front doesn't move its columns to the front.
 */
export const tableOf = (rows: readonly Row[]): CsvTable => {
  const groups = Math.max(0, ...rows.map((row) => row.length));
  const names = Array.from({ length: groups }, (_, group) =>
    rows.flatMap((row) => (row[group] ?? []).map(([name]) => name)),
  );
  const columns = [...new Set(names.flat())];
  return {
    columns,
    rows: rows.map((row) => {
      const values = new Map(row.flat());
      return columns.map((column) => values.get(column) ?? null);
    }),
  };
};
