import { readFile } from 'node:fs/promises';
import { digestOf, importStrategy } from '../hosts/strategy-file.ts';
import type { TransferStrategy } from '../hosts/ports.ts';
import { LivemigError, messageOf } from '../proto/errors.ts';

/** A strategy of the user's own, as it is sent to the agent and named in the result. */
export interface StrategyText {
  text: string;
  sha256: string;
  strategy: TransferStrategy;
}

/** Of a strategy's text; null where it can't be read. */
export const digestOfFile = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').then(digestOf, () => null);

/** @throws LivemigError BAD_INPUT where there is no file, or no strategy in it */
export const loadStrategy = async (file: string): Promise<StrategyText> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const problem = `strategy ${file}: it can't be read: ${messageOf(cause)}`;
    throw new LivemigError('BAD_INPUT', problem, { cause, problems: [problem] });
  }
  const strategy = await importStrategy(file, text);
  return { text, sha256: digestOf(text), strategy };
};
