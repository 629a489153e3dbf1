import type { Command } from 'commander';
import { diagnose } from '../doctor.ts';
import { diagnosisText } from '../report/diagnosis.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, printJson, printText, tell } from './output.ts';

const body: Body = async (_words, options, problems) => {
  refuse(problems);
  let diagnosis = await diagnose();
  if (options['fix'] === true) {
    const { fix } = await import('../doctor/fix.ts');
    const fixed = await fix(diagnosis.checks);
    for (const { name, ok, text } of fixed) tell(`${ok ? 'fixed' : 'not fixed'}: ${name}: ${text}`);
    if (fixed.length === 0) tell('nothing is missing that can be fixed here');
    else diagnosis = await diagnose();
  }
  if (options['json'] === true) await printJson(diagnosis);
  else await printText(diagnosisText(diagnosis));
  return diagnosis.ready ? exitCodes.completed : exitCodes.failed;
};

const help = `
--fix does what it can: as root on Debian it installs the tools of runs, loads kernel modules, and raises TCP's memory
until the next boot. LIVEMIG_INSTALL=none forbids installing. It says what it did, and looks again.

Exit codes: 0 migrations can run here, 1 they can’t.`;

export const addDoctorCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('doctor')
    .summary('what this machine can do, and how to install what is missing')
    .description('Probe every driver and link backend on this machine, and say how to get what is missing.')
    .option('--fix', 'do what can be done about what is missing, and say what')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', help);
  withBody(command, 0, exit, body);
};
