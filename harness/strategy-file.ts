import { readFile } from 'node:fs/promises';
import { digestOf } from '../hosts/strategy-file.ts';
import { readBounded } from './bounded-file.ts';
import { importInThread } from './strategy-thread.ts';

/** A strategy of the user's own, as it is sent to the agent and named in the result. */
export interface StrategyText {
  text: string;
  sha256: string;
  name: string;
}

/** It travels in one message of the management plane. */
const textMaxBytes = 1 << 20;

/** Of a strategy's text; null where it can't be read. */
export const digestOfFile = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').then(digestOf, () => null);

/** @throws LivemigError BAD_INPUT where there is no file, or no strategy in it */
export const loadStrategy = async (file: string): Promise<StrategyText> => {
  const text = readBounded(file, 'strategy', textMaxBytes);
  const name = await importInThread({ file, text });
  return { text, sha256: digestOf(text), name };
};
