/** The thread of strategy-file.ts: imports a strategy and says its name, or what is wrong with it. */
import { workerData } from 'node:worker_threads';
import type { Limits } from '#catalogue/limits';
import { importStrategy } from '#hosts/strategy-file';
import { toErrorDocument } from '#proto/errors';
import type { Imported } from './strategy-file.ts';
import type { ThreadData } from './strategy-thread.ts';

const { file, text, asked: limits, port } = workerData as ThreadData<readonly Limits[]>;
const say = (imported: Imported): void => {
  port.postMessage(imported);
};
// Not awaited here: Node would warn of an import that never settles, in words that mean this file.
void importStrategy(file, text)
  .then(({ name, traits = {} }) => {
    const { rounds, ...stated } = traits;
    say({ name, traits: stated, rounds: rounds === undefined ? [] : limits.map((each) => rounds(each)) });
  })
  .catch((error: unknown) => {
    say({ error: toErrorDocument(error) });
  });
