import type { Command } from 'commander';
import type { Accounting } from '../measure/accounting.ts';
import { accountings } from '../measure/accounting.ts';
import { unknownName } from '../nearest.ts';
import { fileProblems } from '../files/places.ts';
import { defaultOut } from '../store.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { exitCodes, print, printJson, printText } from './output.ts';
import { readSets } from './results.ts';
import { addStudyOption, studiesOf } from './study-option.ts';
import { saveOrRescue } from './save.ts';
import { appendSummary, stepSummaryFile, summaryVariable } from './step-summary.ts';

interface ValidateOptions {
  json: boolean;
  markdown: boolean;
  junit: string | null;
  /** The file of the summary. */
  githubSummary: string | null;
  requireAll: boolean;
  accounting: Accounting;
}

const optionsOf = (options: Readonly<Record<string, unknown>>, problems: string[]): ValidateOptions => {
  const accounting = typeof options['accounting'] === 'string' ? options['accounting'] : 'payload';
  const known = accountings.find((name) => name === accounting);
  if (known === undefined) problems.push(unknownName('accounting', accounting, accountings));
  if (options['json'] === true && options['markdown'] === true)
    problems.push('expected --json or --markdown on standard output, got both');
  const summary = stepSummaryFile();
  if (options['githubSummary'] === true && summary === null)
    problems.push(
      `--github-summary: expected the file of the step's summary in $${summaryVariable}, which is empty`,
    );
  return {
    json: options['json'] === true,
    markdown: options['markdown'] === true,
    junit: typeof options['junit'] === 'string' ? options['junit'] : null,
    githubSummary: options['githubSummary'] === true ? summary : null,
    requireAll: options['requireAll'] === true,
    accounting: known ?? 'payload',
  };
};

const body: Body = async (words, given, found) => {
  const problems = [...found];
  const options = optionsOf(given, problems);
  const { junit, githubSummary } = options;
  if (junit !== null) problems.push(...(await fileProblems('--junit', junit)));
  if (githubSummary !== null)
    problems.push(...(await fileProblems('--github-summary', githubSummary, { isAppended: true })));
  const [{ judgementOf }, show] = await Promise.all([
    import('../trends/judgement.ts'),
    import('../trends/show/index.ts'),
  ]);
  const studies = await studiesOf(given, problems);
  const runs = await readSets(words, problems);
  const judgement = judgementOf(runs, studies, { accounting: options.accounting });
  if (options.json) await printJson(judgement);
  else if (options.markdown) await print(show.judgementMarkdown(judgement));
  else await printText(show.judgementText(judgement));
  // Printed first, in case the files can't be written.
  if (junit !== null) await saveOrRescue(junit, show.judgementJunit(judgement));
  if (githubSummary !== null) await appendSummary(githubSummary, show.judgementMarkdown(judgement));
  const isBad = judgement.counts.fails > 0 || (options.requireAll && judgement.counts['not measured'] > 0);
  return isBad ? exitCodes.failed : exitCodes.completed;
};

const help = `
Results are directories (every runs.jsonl below them), .jsonl, .jsonl.zst and .json files; without any, ${defaultOut}/.

Examples:
  livemig validate                                    whether results/ shows the documents' trends
  livemig validate results/icclab-10g --markdown > agreement.md
  livemig validate results --junit trends.xml --github-summary      in CI
  livemig validate --study icclab-10g                 one study; --study ./mine is a custom one

Exit codes: 0 no check fails; 1 a check fails (--require-all: or was not measured); 2 bad input.`;

export const addValidateCommand = (program: Command, exit: Exit): void => {
  const command = addStudyOption(program.command('validate'))
    .summary("check measured results against the documents' trends")
    .description(
      "Judge each of the documents' trends on the runs of sweeps, with tolerances frozen in advance.",
    )
    .usage('[results…] [options]')
    .option('--json', 'one JSON document on standard output')
    .option('--markdown', 'Markdown on standard output')
    .option('--junit <file>', 'also write JUnit XML; contested and not measured are skipped')
    .option('--github-summary', `also append Markdown to the file in $${summaryVariable}`)
    .option('--require-all', 'also fail if a check was not measured')
    .option(
      '--accounting <way>',
      `how to count transferred bytes: ${accountings.join(', ')} (default: payload)`,
    )
    .addHelpText('after', help);
  withBody(command, Infinity, exit, body);
};
