import type { Command } from 'commander';
import { LivemigError, messageOf } from '#proto/errors';
import { isStrategyFile } from '#proto/strategy';
import type { Finding } from '../conformance/check.ts';
import { checkInThread } from '../conformance/check-thread.ts';
import { badInput } from '../scenario.ts';
import { loadStrategy } from '../strategy-file.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, printJson, printText, tell } from './output.ts';
import { studiesCalled } from './study-option.ts';

/** What was checked, and the result, as in the JSON document. */
interface Checked {
  what: Readonly<Record<string, string>>;
  name: string;
  findings: readonly Finding[];
}

type Told = (finding: Finding) => void;

const checkStrategyFile = async (file: string, told: Told): Promise<Checked> => {
  const { name, text, sha256 } = await loadStrategy(file);
  const findings = await checkInThread({ file, text }, { told });
  return { what: { file, strategy: name, sha256 }, name, findings };
};

/** What isn't met: of bad input every problem, one a line. */
const problemOf = (error: unknown): string =>
  error instanceof LivemigError && error.problems.length > 0 ? error.problems.join('\n') : messageOf(error);

const checkStudy = async (word: string, told: Told): Promise<Checked> => {
  const problems: string[] = [];
  const [study] = await studiesCalled([word], problems);
  if (study === undefined) throw badInput(word, problems);
  const { studyCases } = await import('../studies/cases.ts');
  const findings: Finding[] = [];
  for (const { name, check } of studyCases(study)) {
    const problem = await Promise.resolve()
      .then(check)
      .then(() => null, problemOf);
    findings.push({ name, problem });
    told({ name, problem });
  }
  return { what: { study: study.name }, name: study.name, findings };
};

const body: Body = async ([word], options, problems) => {
  refuse(
    word === undefined
      ? [...problems, "expected the path of a strategy file, or a study's name or folder"]
      : problems,
  );
  const json = options['json'] === true;
  const told: Told = ({ name, problem }) => {
    if (!json)
      tell(
        problem === null
          ? `  ok      ${name}`
          : `  FAILED  ${name}\n          ${problem.replaceAll('\n', '\n          ')}`,
      );
  };
  const check = isStrategyFile(word!) ? checkStrategyFile : checkStudy;
  const { what, name, findings } = await check(word!, told);
  const failed = findings.filter(({ problem }) => problem !== null).length;
  if (json) await printJson({ ...what, findings });
  else await printText(`${name}: ${findings.length - failed} of ${findings.length} hold`);
  return failed === 0 ? exitCodes.completed : exitCodes.failed;
};

export const addCheckCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('check')
    .summary('check that a custom strategy or study is correct')
    .description(
      'A strategy file runs against simulated guests and links in virtual time: it must lose no page, leave the guest on ' +
        'one host after a failure at any point, and end. A study is checked on its synthetic runs: its checks must hold and ' +
        'must fail under their controls, sweeps must be valid and plots must render. Takes seconds and needs no testbed.',
    )
    .usage('strategy.ts|study [--json]')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Examples:
  livemig check examples/strategies/two-rounds.ts    a strategy by its file
  livemig check ./my-study                           a study by its folder, or by its name

Exit codes: 0 all hold, 1 one does not, 2 bad input.`,
    );
  withBody(command, 1, exit, body);
};
