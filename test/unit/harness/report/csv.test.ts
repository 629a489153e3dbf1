import { expect, test } from '@jest/globals';
import { csvText } from '#harness/report/csv';
import { parseCsv } from '#test/support/csv';

test('what is written is read back, whatever it holds', () => {
  const rows = [
    ['plain', 1.5, -2e-7],
    ['a "quoted", one', 0, 3],
    ['two\r\nlines', 12_345_678.9, -1],
  ];
  const text = csvText({ columns: ['name', 'x_s', 'y_s'], rows });
  expect(text.endsWith('\r\n')).toBe(true);
  expect(parseCsv(text)).toEqual([['name', 'x_s', 'y_s'], ...rows.map((row) => row.map(String))]);
});

test('unknown values are empty, and so is what is not a number', () => {
  expect(csvText({ columns: ['a', 'b', 'c'], rows: [[null, Number.NaN, Infinity]] })).toBe('a,b,c\r\n,,\r\n');
});

test.each(['=1+1', '+1', '-cmd', '@x', '\tx'])('a spreadsheet does not take %j for a formula', (text) => {
  const [, row] = parseCsv(csvText({ columns: ['a'], rows: [[text]] }));
  expect(row).toEqual([`'${text}`]);
});
