import { writeFile } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { profileNameMax } from '#proto/link';
import { storageError } from '../files/places.ts';
import { starts } from '../init/starts.ts';
import { unknownName } from '../nearest.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { badUsage, exitCodes, printText } from './output.ts';

/** Where the JSON Schemas are, as an editor finds them from the file. */
const schemasFrom = (file: string): string => {
  const path = relative(dirname(resolve(file)), fileURLToPath(new URL('../../schemas', import.meta.url)));
  return path.startsWith('.') ? path : `./${path}`;
};

/** A name that every kind of file may have: that of the file, in lower-case letters, digits and dashes. */
const nameFor = (file: string): string =>
  basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, profileNameMax) || 'mine';

const body: Body = async ([what, given], _options, problems) => {
  const start = what === undefined ? undefined : starts[what];
  if (start === undefined) {
    const known = Object.keys(starts);
    const expected =
      what === undefined
        ? `expected what to begin: ${known.join(', ')}`
        : unknownName('kind of file', what, known);
    throw badUsage([...problems, expected]);
  }
  const file = given ?? start.file;
  const ending = extname(start.file);
  const others = [...problems];
  if (extname(file) !== ending) others.push(`expected a file that ends in ${ending}, got ${file}`);
  if (others.length > 0) throw badUsage(others);
  try {
    // Never over something that is there.
    await writeFile(file, start.text(nameFor(file), schemasFrom(file)), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw badUsage([
        `${file} exists already: give another name, as in livemig init ${what} other${ending}`,
      ]);
    throw storageError(`${file} can't be written`, error);
  }
  await printText(`${file}: ${start.means}\nnext: ${start.next(file)}`);
  return exitCodes.completed;
};

export const addInitCommand = (program: Command, exit: Exit): void => {
  const kinds = Object.entries(starts)
    .map(([name, { means, file }]) => `  ${name.padEnd(9)} ${means} (default: ${file})`)
    .join('\n');
  const command = program
    .command('init')
    .summary('write a file to start from')
    .description('Write a commented file to start from. An existing file is left alone.')
    .usage('strategy|scenario|sweep|link [file]')
    .addHelpText(
      'after',
      `\nKinds:\n${kinds}\n\nExamples:\n  livemig init scenario\n  livemig init link links/office.yaml` +
        '\n\nExit codes: 0 written, 1 it could not be written, 2 bad input, or the file exists.',
    );
  withBody(command, 2, exit, body);
};
