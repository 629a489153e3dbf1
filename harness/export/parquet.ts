import type { CsvTable, CsvValue } from '../report/csv.ts';

/** A column as the writer takes it. */
export interface ParquetColumn {
  name: string;
  type: 'DOUBLE' | 'BOOLEAN' | 'STRING';
  nullable: true;
  data: CsvValue[];
}

/**
 * Counts are DOUBLE as well, exact up to 2^53: a column's type mustn't follow from the values that happen to be in it,
 * or files of two exports couldn't be read as one.
 */
const typeOf = (values: readonly CsvValue[]): ParquetColumn['type'] => {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size !== 1) return 'STRING';
  if (kinds.has('number')) return 'DOUBLE';
  return kinds.has('boolean') ? 'BOOLEAN' : 'STRING';
};

const valueOf = (value: CsvValue, type: ParquetColumn['type']): CsvValue => {
  if (value === null || type !== 'STRING') return value;
  return String(value);
};

/**
 * A table's columns with their types. A column without any value is left out, as nothing says of which type it is;
 * DuckDB's `union_by_name` and pandas supply it. Pure.
 */
export const parquetColumns = ({ columns, rows }: CsvTable): ParquetColumn[] =>
  columns.flatMap((name, index): ParquetColumn[] => {
    const values = rows.map((row) => row[index] ?? null);
    if (values.every((value) => value === null)) return [];
    const type = typeOf(values);
    return [{ name, type, nullable: true, data: values.map((value) => valueOf(value, type)) }];
  });

/** The table as a Parquet file, compressed with Snappy, which every reader has. */
export const parquetBytes = async (table: CsvTable): Promise<Buffer> => {
  // Only this needs it, and it would be half of what the CLI reads at its start.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  return Buffer.from(parquetWriteBuffer({ columnData: parquetColumns(table) }));
};
