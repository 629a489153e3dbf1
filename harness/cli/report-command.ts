import { join } from 'node:path';
import type { Command } from 'commander';
import { formatBytes, formatCount } from '../format.ts';
import type { RunResult } from '../result.ts';
import { directoryProblems, fileProblems } from '../files/places.ts';
import { writeAtomically } from '../files/write.ts';
import { defaultOut } from '../store.ts';
import { timestamp } from '../timestamp.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { exitCodes, print } from './output.ts';
import { readSets } from './results.ts';
import { saveOrRescue } from './save.ts';

const defaultPage = 'report.html';
const defaultTitle = 'Live migration, published and measured';

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const writePlots = async (runs: readonly RunResult[], directory: string): Promise<number> => {
  const { plotFiles } = await import('../report/page/plot-files.ts');
  const files = await plotFiles(runs);
  for (const { name, text } of files) await writeAtomically(join(directory, name), text);
  return files.length;
};

const writePage = async (runs: readonly RunResult[], title: string, version: string): Promise<string> => {
  const { reportPage } = await import('../report/page/index.ts');
  const { judgementOf } = await import('../trends/judgement.ts');
  return reportPage({
    title,
    generatedAt: timestamp(),
    livemigVersion: version,
    runs,
    judgement: judgementOf(runs, { accounting: 'payload' }),
  });
};

const bodyOf =
  (version: string): Body =>
  async (words, options, problems) => {
    const out = textOf(options['out'], defaultPage);
    const plots = typeof options['plots'] === 'string' ? options['plots'] : undefined;
    // Before hundreds of plots are drawn for nothing.
    const found = [
      ...problems,
      ...(await fileProblems('--out', out)),
      ...(plots === undefined ? [] : await directoryProblems('--plots', plots)),
    ];
    const runs = await readSets(words, found);
    const page = await writePage(runs, textOf(options['title'], defaultTitle), version);
    await saveOrRescue(out, page);
    await print(`${out}: ${formatCount(runs.length)} runs, ${formatBytes(Buffer.byteLength(page))}`);
    if (plots !== undefined) await print(`${plots}: ${await writePlots(runs, plots)} plots`);
    return exitCodes.completed;
  };

const help = `
Examples:
  livemig report                                     what is in ${defaultOut}/, as ${defaultPage}
  livemig report results/icclab-10g results/ulster-wan --out report.html --title "Full set, November 2026"
  livemig report results/icclab-10g --plots plots    each plot as an .svg of its own as well

Results are directories (every runs.jsonl in them), .jsonl, .jsonl.zst or .json files. The page is one file that
fetches nothing.

Exit codes: 0 written; 2 bad input, with every problem of it.`;

/** @param version livemig's own, for the page's head */
export const addReportCommand = (program: Command, exit: Exit, version: string): void => {
  const command = program
    .command('report')
    .summary('write results as one HTML page: published and measured curves, checks, timelines')
    .description('Write result sets as one self-contained HTML page that needs no server and no network.')
    .usage('[results…] [--out report.html] [--title TEXT] [--plots DIR]')
    .option('--out <file>', `the page (default: ${defaultPage})`)
    .option('--title <text>', `its title (default: "${defaultTitle}")`)
    .option('--plots <directory>', 'each experiment plot as a stand-alone .svg as well')
    .addHelpText('after', help);
  withBody(command, Infinity, exit, bodyOf(version));
};
