import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { unknownName } from '../nearest.ts';
import { addCalibrateCommand } from './calibrate-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addCompareCommand } from './compare-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addExportCommand } from './export-command.ts';
import { addListCommand } from './list-command.ts';
import { badUsage, exitCodes, reportError, tell, tolerateBrokenStreams } from './output.ts';
import { addReportCommand } from './report-command.ts';
import { addRunCommand } from './run-command.ts';
import { addRunningCommands } from './running-commands.ts';
import { addSweepCommand } from './sweep-command.ts';
import { addValidateCommand } from './validate-command.ts';
import { addWatchCommand } from './watch-command.ts';

const versionOf = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

const help = `
Examples:
  livemig run                       the main job: a busy 1 GiB guest moves from Coleraine to Dublin
  livemig run scenarios/post-copy.yaml --link lan-1g --json
  livemig doctor                    what this machine can do
  livemig list links

\`livemig COMMAND --help\` tells more.`;

const createProgram = (exit: (code: number) => void): Command => {
  const program = new Command('livemig')
    .description(
      'A testbed for VM live migration: two emulated hypervisors, a real WAN between them, honest numbers.',
    )
    .version(versionOf())
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', help);
  addRunCommand(program, exit);
  addRunningCommands(program, exit);
  addSweepCommand(program, exit);
  addValidateCommand(program, exit);
  addCompareCommand(program, exit);
  addExportCommand(program, exit);
  addReportCommand(program, exit, versionOf());
  addDoctorCommand(program, exit);
  addCalibrateCommand(program, exit);
  addCheckCommand(program, exit);
  addWatchCommand(program, exit);
  addListCommand(program, exit);
  return program;
};

/** What commander refuses by itself: an unknown command, an option without its value. */
const usageProblem = (error: CommanderError, program: Command, argv: readonly string[]): string => {
  const word = argv.find((argument) => !argument.startsWith('-'));
  if (error.code === 'commander.unknownCommand' && word !== undefined)
    return unknownName('command', word, [...program.commands.map((command) => command.name()), 'help']);
  return error.message
    .replace(/^error: /, '')
    .replace(/^option '(.*)' argument missing$/, 'option $1 needs a value');
};

/** Runs one command line. @returns the exit code; everything that was printed is flushed. */
export const main = async (argv: readonly string[]): Promise<number> => {
  tolerateBrokenStreams();
  let exitCode: number = exitCodes.completed;
  const program = createProgram((code) => (exitCode = code));
  const json = argv.includes('--json');
  if (argv.length === 0) {
    tell(program.helpInformation());
    return exitCodes.badInput;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, json);
    if (error.exitCode === 0) return exitCodes.completed;
    return reportError(badUsage([usageProblem(error, program, argv)]), json);
  }
};
