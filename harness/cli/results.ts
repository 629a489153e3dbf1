import type { RunResult } from '../result.ts';
import { readResults } from '../results.ts';
import { defaultOut } from '../store.ts';
import { tell } from './output.ts';

/**
 * The result sets that a command was given, or the usual one; lines that were never whole are told of on standard error.
 * @param problems of the command's usage, told together with those of the results
 * @throws LivemigError BAD_INPUT
 */
export const readSets = (words: readonly string[], problems: readonly string[]): Promise<RunResult[]> =>
  readResults(words.length === 0 ? [defaultOut] : words, problems, (torn) => {
    tell(`livemig: ${torn}`);
  });
