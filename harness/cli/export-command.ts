import type { Command } from 'commander';
import type { TableName } from '../export/tables.ts';
import { parquetBytes } from '../export/parquet.ts';
import { resultLines } from '../export/result-lines.ts';
import { exportTable, tableNames, tableTexts } from '../export/tables.ts';
import { unknownName } from '../nearest.ts';
import { csvText } from '../report/csv.ts';
import { fileProblems } from '../files/places.ts';
import { defaultOut } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, print, tell } from './output.ts';
import { readSets } from './results.ts';
import { saveOrRescue } from './save.ts';

const tableOf = (given: unknown, problems: string[]): TableName => {
  const name = typeof given === 'string' ? given : 'runs';
  const known = tableNames.find((each) => each === name);
  if (known === undefined) problems.push(unknownName('table', name, tableNames));
  return known ?? 'runs';
};

/** `--csv results` may be meant as "results, as CSV". */
const fileOf = async (
  option: '--csv' | '--parquet' | '--results',
  given: unknown,
  problems: string[],
): Promise<string | null> => {
  if (typeof given !== 'string') return null;
  const found = await fileProblems(option, given);
  problems.push(...found.map((problem) => `${problem}; result sets come before ${option}`));
  return given;
};

const body: Body = async (words, options, found) => {
  const problems = [...found];
  const name = tableOf(options['table'], problems);
  const file = await fileOf('--csv', options['csv'], problems);
  const parquet = await fileOf('--parquet', options['parquet'], problems);
  const whole = await fileOf('--results', options['results'], problems);
  const runs = await readSets(words, problems);
  const table = exportTable(runs, name);
  // Its columns are those of the rows: without rows there is nothing to read.
  if (parquet !== null && table.rows.length === 0)
    refuse([`--parquet: table ${name} has no rows in these results, expected at least one`]);
  const save = async (to: string, content: string | Buffer): Promise<void> => {
    await saveOrRescue(to, content);
    tell(`${to}: ${table.rows.length} rows, ${table.columns.length} columns`);
  };
  if (whole !== null) {
    await saveOrRescue(whole, resultLines(runs, whole.endsWith('.zst')));
    tell(`${whole}: ${runs.length} results`);
  }
  if (parquet !== null) await save(parquet, await parquetBytes(table));
  if (file !== null) await save(file, csvText(table));
  // The text ends with CR LF; print adds the LF.
  else if ((parquet === null && whole === null) || options['csv'] === true)
    await print(csvText(table).slice(0, -1));
  return exitCodes.completed;
};

const tablesHelp = tableNames.map((name) => `  ${name.padEnd(8)} ${tableTexts[name]}`).join('\n');

const help = `
Results are directories (every runs.jsonl below them), .jsonl, .jsonl.zst and .json files; without any, ${defaultOut}/.
Results themselves are JSON lines (schemas/result.schema.json); CSV and Parquet are for tools that read tables. Parquet
keeps the columns' types, and leaves out a column without any value.

Tables. Each has the run's id and cell to join by, and a digest of its settings to group repetitions by:
${tablesHelp}

Examples:
  livemig export results/icclab-10g --csv runs.csv
  livemig export results --table rounds > rounds.csv
  livemig export results --table pings --parquet pings.parquet
  livemig export results/icclab-10g --results icclab-10g.jsonl.zst     the results themselves, to keep or to send
  duckdb -c "SELECT \\"cell.link\\", median(\\"measurement.totalTimeMs\\") FROM 'runs.csv' GROUP BY 1, setting"

Exit codes: 0 written; 2 bad input, with all problems.`;

export const addExportCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('export')
    .summary('results as CSV or Parquet, for pandas and DuckDB')
    .description(
      'Write results as a flat table: dotted column names, units last, empty cells for missing values.',
    )
    .usage('[results…] [--csv [FILE]] [--parquet FILE] [--results FILE] [--table NAME]')
    .option('--csv [file]', 'the file to write (default: standard output)')
    .option('--parquet <file>', 'the file to write as Parquet')
    .option(
      '--results <file>',
      'the file to write all results to, as JSON lines; compressed if it ends in .zst',
    )
    .option('--table <name>', `which table: ${tableNames.join(', ')} (default: runs)`)
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};
