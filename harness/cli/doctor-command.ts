import type { Command } from 'commander';
import { diagnose } from '../doctor.ts';
import { diagnosisText } from '../report/diagnosis.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, print, printJson } from './output.ts';

const body: Body = async (_words, options, problems) => {
  refuse(problems);
  const diagnosis = await diagnose();
  if (options['json'] === true) await printJson(diagnosis);
  else await print(diagnosisText(diagnosis));
  return diagnosis.ready ? exitCodes.completed : exitCodes.failed;
};

export const addDoctorCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('doctor')
    .summary('what this machine can do, and how to install what is missing')
    .description('Probe every driver and link backend on this machine, and say how to get what is missing.')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExit codes: 0 migrations can run here, 1 they can’t.');
  withBody(command, 0, exit, body);
};
