import type { Command } from 'commander';
import { checkInThread } from '../conformance/check-thread.ts';
import { loadStrategy } from '../strategy-file.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, print, printJson, tell } from './output.ts';

const body: Body = async ([file], options, problems) => {
  refuse(file === undefined ? [...problems, 'expected the path of a strategy file'] : problems);
  const { name, text, sha256 } = await loadStrategy(file!);
  const json = options['json'] === true;
  const findings = await checkInThread(
    { file: file!, text },
    {
      told: ({ name: each, problem }) => {
        if (!json) tell(problem === null ? `  ok      ${each}` : `  FAILED  ${each}\n          ${problem}`);
      },
    },
  );
  const failed = findings.filter(({ problem }) => problem !== null).length;
  if (json) await printJson({ file, strategy: name, sha256, findings });
  else await print(`${name}: ${findings.length - failed} of ${findings.length} hold`);
  return failed === 0 ? exitCodes.completed : exitCodes.failed;
};

export const addCheckCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('check')
    .summary("hold a strategy of one's own to the conformance suite")
    .description(
      'Run a strategy file against simulated guests and links in virtual time: no page may be lost, a failure at any ' +
        'moment must leave the guest on one side, and it must end. Seconds, no testbed.',
    )
    .usage('strategy.ts [--json]')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  livemig check examples/strategies/two-rounds.ts\n\nExit codes: 0 all hold, 1 one does not, 2 bad input.',
    );
  withBody(command, 1, exit, body);
};
