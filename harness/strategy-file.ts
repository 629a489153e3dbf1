import { readFile } from 'node:fs/promises';
import { digestOf } from '#hosts/strategy-file';
import { strategyTextMaxBytes } from '#proto/control-service';
import { readBounded } from './bounded-file.ts';
import type { Limits } from '#catalogue/limits';
import type { StrategyTraits } from '#hosts/ports';
import { importInThread } from './strategy-thread.ts';

/** A strategy of the user's own, as it is sent to the agent and named in the result. */
export interface StrategyText {
  text: string;
  sha256: string;
  name: string;
  /** What it states of itself. */
  traits: StrategyTraits;
}

/** Of a strategy's text; null where it can't be read. */
export const digestOfFile = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').then(digestOf, () => null);

/** By the limits that the thread was asked about; by others nothing is known of it. */
const roundsBy = (
  limits: readonly Limits[],
  rounds: readonly (true | string)[],
): Required<StrategyTraits>['rounds'] => {
  const answers = new Map(rounds.map((answer, index) => [JSON.stringify(limits[index]), answer]));
  return (asked) => answers.get(JSON.stringify(asked)) ?? true;
};

/**
 * @param limits by which it will be asked for its traits.
 * @throws LivemigError BAD_INPUT where there is no file, or no strategy in it
 */
export const loadStrategy = async (file: string, limits: readonly Limits[] = []): Promise<StrategyText> => {
  const text = readBounded(file, 'strategy', strategyTextMaxBytes);
  const { name, traits, rounds } = await importInThread({ file, text, limits });
  return { text, sha256: digestOf(text), name, traits: { ...traits, rounds: roundsBy(limits, rounds) } };
};
