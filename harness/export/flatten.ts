import type { CsvValue } from '../report/csv.ts';

/** A column and its value in one row. */
export type Entry = readonly [column: string, value: CsvValue];

/**
 * Every scalar of a document under its dotted name: `downtime.loadMs`. Lists have their own tables and are left out.
 */
export const flatten = (prefix: string, value: unknown): Entry[] => {
  if (value === null) return [[prefix, null]];
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return [[prefix, value]];
  if (typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(prefix === '' ? key : `${prefix}.${key}`, inner),
  );
};
