import type { Command } from 'commander';
import { LivemigError, messageOf } from '#proto/errors';
import { isStrategyFile } from '#proto/strategy';
import { caseIds, seedMost } from '../conformance/cases.ts';
import { checkInThread } from '../conformance/check-thread.ts';
import { unknownName } from '../nearest.ts';
import { checkDocument, checkText, countOf } from '../report/check.ts';
import { badInput } from '../scenario.ts';
import { loadStrategy } from '../strategy-file.ts';
import { checkTypes } from '../type-check.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { wholeOption } from './number-option.ts';
import { exitCodes, printJson, printText, tell } from './output.ts';
import { progressLine } from './progress-line.ts';
import { studiesCalled } from './study-option.ts';

type Options = Readonly<Record<string, unknown>>;

/** @returns the exit code */
const checkStrategyFile = async (file: string, options: Options, problems: string[]): Promise<number> => {
  const seed = wholeOption(options, 'seed', { least: 1, most: seedMost }, problems);
  const only = typeof options['case'] === 'string' ? options['case'] : null;
  if (only !== null && !caseIds.includes(only))
    problems.push(`--case: ${unknownName('case', only, caseIds)}`);
  refuse(problems);
  const { name, text, sha256 } = await loadStrategy(file);
  // At the same time: they are two threads.
  const typing = options['types'] === false ? null : checkTypes(file, options['types'] === true);
  const progress = progressLine(process.stderr, `checking ${name}`, only === null ? caseIds.length : 1);
  const checked = await checkInThread(
    { file, text },
    {
      ...{ only, ...(seed === null ? {} : { seed }) },
      told: (finding) => {
        progress.next(finding.name);
      },
    },
  ).finally(() => {
    progress.stop();
  });
  const isAsked = options['types'] === true;
  const types = (await typing) ?? null;
  const of = { file, name, text };
  if (options['json'] === true)
    await printJson({ file, strategy: name, sha256, ...checkDocument(of, checked, types) });
  else await printText(checkText(of, checked, types?.state === 'not-tried' && !isAsked ? null : types));
  const isTyped = !isAsked || types?.state !== 'failed';
  return countOf(checked.findings, 'failed') === 0 && isTyped ? exitCodes.completed : exitCodes.failed;
};

interface StudyFinding {
  name: string;
  problem: string | null;
}

/** What isn't met: of bad input every problem, one a line. */
const problemOf = (error: unknown): string =>
  error instanceof LivemigError && error.problems.length > 0 ? error.problems.join('\n') : messageOf(error);

const checkStudy = async (word: string, options: Options, problems: string[]): Promise<number> => {
  for (const option of ['seed', 'case', 'types'])
    if (options[option] !== undefined)
      problems.push(`--${option}: expected a strategy file with it, got study ${word}`);
  const [study] = await studiesCalled([word], problems);
  if (study === undefined || problems.length > 0) throw badInput(word, problems);
  const isJson = options['json'] === true;
  const { studyCases } = await import('../studies/cases.ts');
  const findings: StudyFinding[] = [];
  for (const { name, check } of studyCases(study)) {
    const problem = await Promise.resolve()
      .then(check)
      .then(() => null, problemOf);
    findings.push({ name, problem });
    if (!isJson)
      tell(
        problem === null
          ? `  ok      ${name}`
          : `  FAILED  ${name}\n          ${problem.replaceAll('\n', '\n          ')}`,
      );
  }
  const failed = findings.filter(({ problem }) => problem !== null).length;
  if (isJson) await printJson({ study: study.name, findings });
  else await printText(`${study.name}: ${findings.length - failed} of ${findings.length} hold`);
  return failed === 0 ? exitCodes.completed : exitCodes.failed;
};

const body: Body = async ([word], options, problems) => {
  if (word === undefined)
    refuse([...problems, "expected the path of a strategy file, or a study's name or folder"]);
  const check = isStrategyFile(word!) ? checkStrategyFile : checkStudy;
  return check(word!, options, [...problems]);
};

export const addCheckCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('check')
    .summary('check that a custom strategy or study is correct')
    .description(
      'A strategy file runs against simulated guests and links in virtual time: it must lose no page, leave the guest on ' +
        'one host after a failure at any point, and end. If it does not, one diagnosis comes first, with the smallest ' +
        'migration that shows it. A study is checked on its synthetic runs: its checks must hold and must fail under their ' +
        'controls, sweeps must be valid and plots must render. Takes seconds and needs no testbed.',
    )
    .usage('strategy.ts|study [options]')
    .option('--case <name>', 'try this case alone')
    .option('--seed <n>', 'seed of the guests (default: 1); with --case random-guests, of the only one')
    .option(
      '--types',
      "check types, too, with livemig's own TypeScript if the project has none; problems fail the check",
    )
    .option('--no-types', 'do not check types, even if the project has TypeScript')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Examples:
  livemig check examples/strategies/two-rounds.ts    a strategy by its file
  livemig check mine.ts --case random-guests --seed 17    the same guest again, alone
  livemig check ./my-study                           a study by its folder, or by its name

Cases: ${caseIds.join(', ')}.
Types are checked if the project that the file is in has TypeScript.

Exit codes: 0 all hold, 1 one does not, 2 bad input. A case that is not tried, as it needs one that failed, is
neither passed nor failed.`,
    );
  withBody(command, 1, exit, body);
};
