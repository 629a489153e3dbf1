import { join } from 'node:path';
import type { Command } from 'commander';
import { messageOf } from '#proto/errors';
import { formatBytes, formatCount } from '../format.ts';
import type { RunResult } from '../result.ts';
import { hasRunsOf } from '../trends/set-ups.ts';
import type { Study } from '../trends/study.ts';
import { directoryProblems, fileProblems } from '../files/places.ts';
import { writeAtomically } from '../files/write.ts';
import { runDirectoriesOf } from '../results.ts';
import { defaultOut } from '../store.ts';
import type { AxisOrder } from '../sweep/axis-order.ts';
import { timestamp } from '../timestamp.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { exitCodes, printText, tell } from './output.ts';
import { readSets } from './results.ts';
import { addStudyOption, studiesOf } from './study-option.ts';
import { saveOrRescue } from './save.ts';

const defaultPage = 'report.html';
const titles = { ofStudies: 'Live migration, published and measured', ofOthers: 'Live migration, measured' };

interface Page {
  runs: readonly RunResult[];
  studies: readonly Study[];
  axisOrder: AxisOrder;
  title: string;
}

const titleOf = (runs: readonly RunResult[], studies: readonly Study[]): string =>
  studies.some(({ name }) => hasRunsOf(runs, name)) ? titles.ofStudies : titles.ofOthers;

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const writePlots = async ({ runs, studies, axisOrder }: Page, directory: string): Promise<number> => {
  const { plotFiles } = await import('../report/page/plot-files.ts');
  const files = await plotFiles(runs, studies, axisOrder);
  for (const { name, text } of files) await writeAtomically(join(directory, name), text);
  return files.length;
};

/**
 * The order of the labels in the definitions that sweeps leave beside their runs. It only sorts the page: a damaged
 * definition is told of, and a missing one isn't needed.
 */
const axisOrderBeside = async (paths: readonly string[]): Promise<AxisOrder> => {
  const { axisOrderOf } = await import('../sweep/axis-order.ts');
  const { readHeader } = await import('../sweep/result-set.ts');
  const definitions: unknown[] = [];
  for (const directory of await runDirectoriesOf(paths))
    try {
      definitions.push((await readHeader(directory))?.definition);
    } catch (error) {
      tell(`livemig: ${messageOf(error)}`);
    }
  return axisOrderOf(definitions);
};

const htmlOf = async (page: Page, version: string): Promise<string> => {
  const { reportPage } = await import('../report/page/index.ts');
  const { reportInput } = await import('../report/page/input.ts');
  return reportPage(reportInput({ ...page, generatedAt: timestamp(), livemigVersion: version }));
};

const bodyOf =
  (version: string): Body =>
  async (words, options, problems) => {
    const out = textOf(options['out'], defaultPage);
    const plots = typeof options['plots'] === 'string' ? options['plots'] : undefined;
    // Before hundreds of plots are drawn in vain.
    const found = [
      ...problems,
      ...(await fileProblems('--out', out)),
      ...(plots === undefined ? [] : await directoryProblems('--plots', plots)),
    ];
    const studies = await studiesOf(options, found);
    const runs = await readSets(words, found);
    const axisOrder = await axisOrderBeside(words.length === 0 ? [defaultOut] : words);
    const title = textOf(options['title'], titleOf(runs, studies));
    const page: Page = { runs, studies, axisOrder, title };
    const html = await htmlOf(page, version);
    await saveOrRescue(out, html);
    await printText(`${out}: ${formatCount(runs.length)} runs, ${formatBytes(Buffer.byteLength(html))}`);
    if (plots !== undefined) await printText(`${plots}: ${await writePlots(page, plots)} plots`);
    return exitCodes.completed;
  };

const help = `
Examples:
  livemig report                                     what is in ${defaultOut}/, as ${defaultPage}
  livemig report results/icclab-10g results/ulster-wan --out report.html --title "Full set, November 2026"
  livemig report results/icclab-10g --plots plots    also each plot as a separate .svg
  livemig report --study icclab-10g                  one study; --study ./mine takes a folder of your own

Results are directories (every runs.jsonl in them), .jsonl, .jsonl.zst or .json files. The page is one file that
fetches nothing.

Exit codes: 0 written; 2 bad input, with all problems.`;

/** @param version livemig's version, for the page's head */
export const addReportCommand = (program: Command, exit: Exit, version: string): void => {
  const command = addStudyOption(program.command('report'))
    .summary('write results as one HTML page: what came out first, then curves, checks, timelines')
    .description('Write result sets as one self-contained HTML page that needs neither server nor network.')
    .usage('[results…] [--out report.html] [--title TEXT] [--plots DIR]')
    .option('--out <file>', `the page (default: ${defaultPage})`)
    .option(
      '--title <text>',
      `its title (default: "${titles.ofOthers}"; with runs of a study "${titles.ofStudies}")`,
    )
    .option(
      '--plots <directory>',
      'also write each plot of experiments and of what was varied as a stand-alone .svg',
    )
    .addHelpText('after', help);
  withBody(command, Infinity, exit, bodyOf(version));
};
