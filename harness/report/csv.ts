export type CsvValue = string | number | boolean | null;

/** A table for machines: column names with units, one array per row. */
export interface CsvTable {
  columns: readonly string[];
  rows: readonly (readonly CsvValue[])[];
}

const needsQuotes = /[",\r\n]/;
/** Text that a spreadsheet would run as a formula; our own numbers may have a sign. */
const startsFormula = /^[=+\-@\t\r]/;

const cell = (value: CsvValue): string => {
  if (value === null) return '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = startsFormula.test(value) ? `'${value}` : value;
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180 with a header line; an unknown value is empty. Booleans are `true` and `false`, which pandas and DuckDB read. */
export const csvText = ({ columns, rows }: CsvTable): string =>
  [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
