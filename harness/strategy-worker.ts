/** The thread of strategy-thread.ts: imports a strategy and says its name, or what is wrong with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { importStrategy } from '../hosts/strategy-file.ts';
import { toErrorDocument } from '../proto/errors.ts';
import type { Imported } from './strategy-thread.ts';

const { file, text } = workerData as { file: string; text: string };
const say = (imported: Imported): void => {
  parentPort?.postMessage(imported);
};
// Not awaited here: Node would warn of an import that never settles, in words that mean this file.
void importStrategy(file, text).then(
  ({ name }) => {
    say({ name });
  },
  (error: unknown) => {
    say({ error: toErrorDocument(error) });
  },
);
