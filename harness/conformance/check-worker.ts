/** The thread of check-thread.ts: posts each finding. */
import { parentPort, workerData } from 'node:worker_threads';
import { importStrategy } from '../../hosts/strategy-file.ts';
import { checkStrategy } from './check.ts';

const { file, text } = workerData as { file: string; text: string };
// Not awaited here: Node would warn of a strategy that never settles, in words that mean this file.
void importStrategy(file, text).then((strategy) =>
  checkStrategy(strategy, (finding) => {
    parentPort?.postMessage(finding);
  }),
);
