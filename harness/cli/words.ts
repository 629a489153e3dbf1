import type { Command } from 'commander';
import { nearest } from '../nearest.ts';

const longFlags = (command: Command): string[] =>
  [...command.options.map(({ long }) => long ?? ''), '--help'].filter((flag) => flag !== '');

/**
 * Unknown options, each with the nearest known one, and excess arguments. Commander itself would stop at the first
 * problem; we report all at once.
 * @param expected how many plain arguments the command takes.
 */
export const leftovers = (command: Command, expected: number): { words: string[]; problems: string[] } => {
  const words: string[] = [];
  const problems: string[] = [];
  let isValue = false;
  for (const word of command.args) {
    if (word.startsWith('-') && word !== '-') {
      const flag = word.split('=', 1)[0] ?? word;
      const guess = nearest(flag, longFlags(command));
      problems.push(
        `unknown option ${flag}${guess === undefined ? '' : `; did you mean ${guess}?`} ` +
          `(\`livemig ${command.name()} --help\` lists them)`,
      );
      isValue = !word.includes('=');
    } else if (isValue) isValue = false;
    else words.push(word);
  }
  for (const word of words.slice(expected)) problems.push(`unexpected argument "${word}"`);
  return { words: words.slice(0, expected), problems };
};
