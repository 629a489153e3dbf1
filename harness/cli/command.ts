import type { Command } from 'commander';
import { leftovers } from './words.ts';
import { badUsage, reportError } from './output.ts';

/**
 * A command's body: receives its plain arguments, its options and usage problems, which it reports along with its own.
 * @returns the exit code
 */
export type Body = (
  words: readonly string[],
  options: Readonly<Record<string, unknown>>,
  problems: readonly string[],
) => Promise<number>;

/** Receives the exit code when the command has ended. */
export type Exit = (code: number) => void;

/**
 * Gives a command its body. Unknown options and excess arguments are passed to the body as problems, so that all
 * problems are reported at once. Errors thrown by the body are reported, with `--json` as a document.
 * @param words how many plain arguments the command takes.
 */
export const withBody = (command: Command, words: number, exit: Exit, body: Body): Command =>
  command
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => {
      const options = command.opts();
      const found = leftovers(command, words);
      try {
        exit(await body(found.words, options, found.problems));
      } catch (error) {
        exit(await reportError(error, options['json'] === true));
      }
    });

/** For bodies without other input. @throws LivemigError BAD_INPUT with all problems */
export const refuse = (problems: readonly string[]): void => {
  if (problems.length > 0) throw badUsage(problems);
};
