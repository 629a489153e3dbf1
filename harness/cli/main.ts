import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { unknownName } from '../nearest.ts';
import { badUsage, exitCodes, reportError, tell, tolerateBrokenStreams } from './output.ts';
import { createProgram } from './program.ts';

/** Problems that commander reports itself: an unknown command, an option without its value. */
const usageProblem = (error: CommanderError, program: Command, argv: readonly string[]): string => {
  const word = argv.find((argument) => !argument.startsWith('-'));
  if (error.code === 'commander.unknownCommand' && word !== undefined)
    return unknownName('command', word, [...program.commands.map((command) => command.name()), 'help']);
  return error.message
    .replace(/^error: /, '')
    .replace(/^option '(.*)' argument missing$/, 'option $1 needs a value');
};

/** Runs one command line. @returns the exit code, after flushing all output */
export const main = async (argv: readonly string[]): Promise<number> => {
  tolerateBrokenStreams();
  let exitCode: number = exitCodes.completed;
  const program = await createProgram((code) => (exitCode = code), argv[0]);
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
