import { argv, execArgv, execPath } from 'node:process';
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { Exit } from '../command.ts';
import { withBody } from '../command.ts';
import { unknownName } from '../../nearest.ts';
import { badUsage, exitCodes } from '../output.ts';
import type { Value, Values } from './values.ts';
import { valuesOfOption, wordsOf } from './values.ts';

/** The shells for which there is a script. */
const shells = ['bash', 'zsh', 'fish', 'powershell'];

/** The library's tree of commands, filled from the program's own. @param words typed so far, the last one begun */
const treeOf = async (program: Command, words: readonly string[]) => {
  const { default: tree } = await import('@bomb.sh/tab');
  const begun = words.at(-1) ?? '';
  // Its handlers give their answers at once, so they are collected first: of this command alone.
  const [named] = words;
  for (const command of program.commands.filter((each) => each.name() !== 'complete')) {
    const known = tree.command(command.name(), command.summary());
    const isNamed = command.name() === named;
    const offered = async (values: Values | undefined | null): Promise<Value[]> =>
      isNamed && values ? values(begun) : [];
    const positional = await offered(wordsOf[command.name()]);
    known.argument('words', (complete) => {
      for (const { value, description } of positional) complete(value, description);
    }, true); // prettier-ignore
    for (const { long, flags, description } of command.options) {
      const name = long?.replace(/^--/, '');
      if (name === undefined) continue;
      const values = await offered(valuesOfOption(name, flags));
      // What takes no value gets no handler: the library tells them apart by that.
      if (!/[<[]/.test(flags)) known.option(name, description);
      else
        known.option(name, description, (complete) => {
          for (const { value, description: means } of values) complete(value, means);
        });
    }
  }
  return tree;
};

const quoted = (word: string): string =>
  /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** How this command is called again, by the script. */
const executable = (): string => [execPath, ...execArgv, argv[1] ?? ''].map(quoted).join(' ');

const help = `
Examples:
  source <(livemig completion bash)     in ~/.bashrc; the same with zsh in ~/.zshrc
  livemig completion fish | source      in ~/.config/fish/config.fish

The command must be on the PATH: \`npm install --global\`, or an alias of \`npx livemig\`.`;

/**
 * `completion`, which prints a shell's script, and `complete`, which the script calls at each tab: what may come next,
 * from the definitions of commands, options, and what they name.
 */
export const addCompletionCommands = (program: Command, exit: Exit): void => {
  const command = program
    .command('completion')
    .summary("a script for the shell: tab completes commands, options and names")
    .description('Print a script that completes commands, options and what they name.')
    .usage(shells.join('|'))
    .addHelpText('after', help);
  withBody(command, 1, exit, async ([shell], _options, problems) => {
    const missing = shell === undefined ? `expected a shell: ${shells.join(', ')}` : unknownName('shell', shell, shells);
    if (shell === undefined || !shells.includes(shell)) throw badUsage([...problems, missing]);
    if (problems.length > 0) throw badUsage(problems);
    (await treeOf(program, [])).setup(program.name(), executable(), shell);
    return exitCodes.completed;
  });
  program
    .command('complete', { hidden: true })
    .addArgument(new Argument('[words...]'))
    .action(async (words: string[]) => {
      (await treeOf(program, words)).parse([...words]);
      exit(exitCodes.completed);
    });
}; // prettier-ignore
