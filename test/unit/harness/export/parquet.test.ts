import { expect, test } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { parquetBytes, parquetColumns } from '#harness/export/parquet';

const table = {
  columns: ['runId', 'measurement.totalTimeMs', 'integrity.ok', 'error.code'],
  rows: [
    ['a', 956.25, true, null],
    ['b', null, false, null],
    ['c', 2 ** 53, null, null],
  ],
};

test('a reader gets every value with its type, and null where there is none', async () => {
  const file = new Uint8Array(await parquetBytes(table)).buffer;
  expect(await parquetReadObjects({ file })).toEqual([
    { runId: 'a', 'measurement.totalTimeMs': 956.25, 'integrity.ok': true },
    { runId: 'b', 'measurement.totalTimeMs': null, 'integrity.ok': false },
    { runId: 'c', 'measurement.totalTimeMs': 2 ** 53, 'integrity.ok': null },
  ]);
});

test('whole numbers have the type of all numbers, so that two exports fit together', () => {
  const columns = parquetColumns({ columns: ['bytes'], rows: [[1], [2]] });
  expect(columns).toMatchObject([{ name: 'bytes', type: 'DOUBLE' }]);
});

test('a column of different types is text', () => {
  const columns = parquetColumns({ columns: ['cell.stressMB'], rows: [[512], ['none'], [null]] });
  expect(columns).toMatchObject([{ type: 'STRING', data: ['512', 'none', null] }]);
});
