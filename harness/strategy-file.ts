import { readFile } from 'node:fs/promises';
import { digestOf } from '#hosts/strategy-file';
import { strategyTextMaxBytes } from '#proto/strategy';
import type { ErrorDocument } from '#proto/errors';
import { fromErrorDocument, LivemigError, messageOf } from '#proto/errors';
import { readBounded } from './bounded-file.ts';
import type { Limits } from '#catalogue/limits';
import type { StrategyTraits } from '#hosts/ports';
import type { Importable, Silence } from './strategy-thread.ts';
import { heardOut } from './strategy-thread.ts';

/** A strategy of the user's own, as it is sent to the agent and named in the result. */
export interface StrategyText {
  text: string;
  sha256: string;
  name: string;
  /** What it states of itself. */
  traits: StrategyTraits;
}

/** A strategy's name, and what it states of itself. */
export interface Stated {
  name: string;
  traits: Omit<StrategyTraits, 'rounds'>;
  /** Whether it has rounds, by each of the limits that were asked about; empty where it doesn't say. */
  rounds: (true | string)[];
}

/** What the thread says of a strategy's file. */
export type Imported = Stated | { error: ErrorDocument };

/** The example takes a tenth of a second, on a machine with nothing else to do. */
const importMaxMs = 10_000;

const whyNot = (silence: Silence | null, maxMs: number): string => {
  if (silence?.kind === 'silent')
    return `its import did not end within ${maxMs / 1000} s: is there a loop at its top?`;
  if (silence?.kind === 'failed') return `its import fails: ${messageOf(silence.error)}`;
  return 'its import never ends: it awaits something that nothing is left to bring about';
};

/**
 * Imports a strategy where it can do no harm: in a thread that is ended afterwards. One that throws, that loops without
 * end, or that leaves something behind which throws later, doesn't end the harness.
 * @param limits by which it is asked for its traits.
 * @returns what it states of itself
 * @throws LivemigError BAD_INPUT where it can't be imported, or is none
 */
export const importInThread = async (
  strategy: Importable,
  limits: readonly Limits[] = [],
  maxMs = importMaxMs,
): Promise<Stated> => {
  let imported: Imported | null = null;
  const script = new URL(import.meta.resolve('#harness/strategy-worker'));
  const silence = await heardOut<Imported, readonly Limits[]>(script, strategy, {
    asked: limits,
    said: (said) => {
      imported = said;
      return true;
    },
    silentMaxMs: maxMs,
  });
  const found = imported as Imported | null;
  if (found !== null && 'name' in found) return found;
  if (found !== null) throw fromErrorDocument(found.error);
  const problem = `strategy ${strategy.file}: ${whyNot(silence, maxMs)}`;
  throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

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
  const { name, traits, rounds } = await importInThread({ file, text }, limits);
  return { text, sha256: digestOf(text), name, traits: { ...traits, rounds: roundsBy(limits, rounds) } };
};
