import { CommanderError } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { createProgram } from '#harness/cli/program';
import { commandsIn, documentedCommands } from '#test/support/documented-commands';

/** What documents and help texts tell a reader to type is understood: commands and options are as they say. */

const programOf = () => createProgram(() => undefined);
type Command = Awaited<ReturnType<typeof programOf>>;

/** The words of a shell line, up to where its output goes. */
const wordsOf = (text: string): string[] =>
  [...text.split(/ (?:>|&&|\|) /)[0]!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );

const livemigWords = (text: string): string[] | null => {
  const words = wordsOf(text.replace(/^(?:[A-Z_]+=\S+ )*(?:npx )?/, ''));
  return words[0] === 'livemig' ? words.slice(1) : null;
};

const problemOf = async (words: readonly string[]): Promise<string | null> => {
  let command: Command = await programOf();
  let rest = [...words];
  for (;;) {
    const next = command.commands.find((each) => each.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  if (command.commands.length > 0) return `no command ${rest[0] ?? ''}`;
  try {
    command.exitOverride();
    const unknown = command.parseOptions(rest).unknown.filter((word) => word.startsWith('-'));
    return unknown.length === 0 ? null : `unknown ${unknown.join(', ')}`;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
};

const documented = documentedCommands().flatMap(({ document, line, text }) => {
  const words = livemigWords(text);
  return words === null ? [] : [{ where: `${document}:${line}`, text, words }];
});

/** `--help` of every command, with what is added after it. */
const helpTexts = (command: Command, path: string): { path: string; text: string }[] => {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return [{ path, text }, ...command.commands.flatMap((each) => helpTexts(each, `${path} ${each.name()}`))];
};
const examples = helpTexts(await programOf(), 'livemig').flatMap(({ path, text }) =>
  text
    .split('\n')
    .filter((line) => /^ {2}livemig /.test(line))
    .map((line) => line.trim().split(/ {3,}/)[0]!)
    .map((line) => ({ where: `${path} --help`, text: line, words: livemigWords(line)! })),
);

describe('a command that is shown exists, with its options', () => {
  test.each(documented)('$where: $text', async ({ words }) => {
    expect(await problemOf(words)).toBeNull();
  });

  test.each(examples)('$where: $text', async ({ words }) => {
    expect(await problemOf(words)).toBeNull();
  });

  test('some are found, in both', () => {
    expect(documented.length).toBeGreaterThan(40);
    expect(examples.length).toBeGreaterThan(40);
  });

  test.each([
    { text: 'npx livemig rnu', problem: 'no command rnu' },
    { text: 'livemig run --stategy post-copy', problem: 'unknown --stategy' },
    { text: 'livemig run --link', problem: expect.stringContaining('argument missing') },
  ])('otherwise it is named (negative control): $text', async ({ text, problem }) => {
    expect(await problemOf(livemigWords(text)!)).toEqual(problem);
  });

  test('only lines of a shell are commands', () => {
    const text = [
      'livemig no',
      '```sh',
      '# only said',
      'livemig a   # why',
      '',
      'b \\',
      '  c',
      '```',
      '```ts',
      'd',
      '```',
    ];
    expect(commandsIn('x.md', text.join('\n'))).toEqual([
      { document: 'x.md', line: 4, text: 'livemig a' },
      { document: 'x.md', line: 7, text: 'b c' },
    ]);
  });
});
