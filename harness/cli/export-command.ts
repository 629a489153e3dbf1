import type { Command } from 'commander';
import type { TableName } from '../export/tables.ts';
import { exportTable, tableNames, tableTexts } from '../export/tables.ts';
import { unknownName } from '../nearest.ts';
import { csvText } from '../report/csv.ts';
import { fileProblems } from '../files/places.ts';
import { defaultOut } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
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
const fileOf = async (given: unknown, problems: string[]): Promise<string | null> => {
  if (typeof given !== 'string') return null;
  const found = await fileProblems('--csv', given);
  problems.push(...found.map((problem) => `${problem}; result sets come before --csv`));
  return given;
};

const body: Body = async (words, options, found) => {
  const problems = [...found];
  const name = tableOf(options['table'], problems);
  const file = await fileOf(options['csv'], problems);
  const runs = await readSets(words, problems);
  const table = exportTable(runs, name);
  const text = csvText(table);
  if (file === null) {
    // The text ends with CR LF; print adds the LF.
    await print(text.slice(0, -1));
    return exitCodes.completed;
  }
  await saveOrRescue(file, text);
  tell(`${file}: ${table.rows.length} rows, ${table.columns.length} columns`);
  return exitCodes.completed;
};

const tablesHelp = tableNames.map((name) => `  ${name.padEnd(8)} ${tableTexts[name]}`).join('\n');

const help = `
Results are directories (every runs.jsonl below them), .jsonl, .jsonl.zst and .json files; without any, ${defaultOut}/.
Results themselves are JSON lines (schemas/result.schema.json); CSV is for tools that read tables.

Tables. Each has the run's id and cell to join by, and a digest of its settings to group repetitions by:
${tablesHelp}

Examples:
  livemig export results/icclab-10g --csv runs.csv
  livemig export results --table rounds > rounds.csv
  duckdb -c "SELECT \\"cell.link\\", median(\\"measurement.totalTimeMs\\") FROM 'runs.csv' GROUP BY 1, setting"

Exit codes: 0 written; 2 bad input, with all problems.`;

export const addExportCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('export')
    .summary('results as CSV, for pandas and DuckDB')
    .description(
      'Write results as a flat table: dotted column names, units last, empty cells for missing values.',
    )
    .usage('[results…] [--csv [FILE]] [--table NAME]')
    .option('--csv [file]', 'the file to write (default: standard output)')
    .option('--table <name>', `which table: ${tableNames.join(', ')} (default: runs)`)
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};
