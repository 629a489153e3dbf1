import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { exportTable } from '#harness/export/tables';
import type { TableName } from '#harness/export/tables';
import { variedRun } from '#test/support/varied-runs';

/** The notebook reads columns that an export has; it isn't run here, as that needs pandas and a Parquet reader. */

interface Notebook {
  nbformat: number;
  cells: { cell_type: string; source: string[] }[];
}
const notebook = JSON.parse(
  readFileSync(new URL('../../../examples/notebook/migrations.ipynb', import.meta.url), 'utf8'),
) as Notebook;
const text = notebook.cells.map(({ source }) => source.join('')).join('\n');

/** Quoted words in brackets, or behind `x=` and `y=`: what pandas takes as columns. */
const columnsNamed = [...text.matchAll(/'([a-zA-Z][\w.]*)'/g)]
  .map(([, name]) => name!)
  .filter(
    (name) => !['completed', 'median', 'min', 'max', 'count'].includes(name) && !name.endsWith('.parquet'),
  );

test('names columns that there are', () => {
  const has = (['runs', 'pings'] satisfies TableName[]).flatMap(
    (table) => exportTable([variedRun({})], table).columns,
  );
  expect(columnsNamed.length).toBeGreaterThan(8);
  expect(columnsNamed.filter((name) => !has.includes(name))).toEqual([]);
});

test('is a notebook of version 4', () => {
  expect(notebook.nbformat).toBe(4);
  expect(notebook.cells.every(({ cell_type: kind }) => ['code', 'markdown'].includes(kind))).toBe(true);
}); // prettier-ignore
