import type { RunResult } from '../result.ts';
import { readResults } from '../results.ts';
import { defaultOut } from '../store.ts';
import { tell } from './output.ts';

/**
 * The result sets given to a command, or the default one. Incomplete lines are reported on standard error.
 * @param problems of the command's usage, reported together with those of the results
 * @throws LivemigError BAD_INPUT
 */
export const readSets = (words: readonly string[], problems: readonly string[]): Promise<RunResult[]> =>
  readResults(words.length === 0 ? [defaultOut] : words, problems, (torn) => {
    tell(`livemig: ${torn}`);
  });
