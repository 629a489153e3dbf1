import type { Command } from 'commander';
import { unknownName } from '../nearest.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { lists } from './lists.ts';
import { exitCodes, printJson, printText } from './output.ts';

const body: Body = async ([what], options, problems) => {
  const known = Object.keys(lists);
  const list = what === undefined ? undefined : lists[what];
  const missing =
    what === undefined ? `expected what to list: ${known.join(', ')}` : unknownName('list', what, known);
  refuse(list === undefined ? [...problems, missing] : problems);
  const entries = (await list?.()) ?? [];
  if (options['json'] === true)
    await printJson({
      [what ?? '']: entries.map(({ name, description, facts }) => ({ name, description, ...facts })),
    });
  else {
    const width = Math.max(...entries.map(({ name }) => name.length));
    await printText(
      entries.map(({ name, description }) => `${name.padEnd(width)}  ${description}`).join('\n'),
    );
  }
  return exitCodes.completed;
};

export const addListCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('list')
    .summary(`list ${Object.keys(lists).join(', ')}`)
    .description('List everything that scenarios and the command line can name.')
    .usage(`${Object.keys(lists).join('|')} [--json]`)
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExamples:\n  livemig list links\n  livemig list strategies --json');
  withBody(command, 1, exit, body);
};
