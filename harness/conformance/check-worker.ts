/** The thread of check-thread.ts: posts each finding. */
import { workerData } from 'node:worker_threads';
import { importStrategy } from '#hosts/strategy-file';
import type { ThreadData } from '../strategy-thread.ts';
import { checkStrategy } from './check.ts';

const { file, text, port } = workerData as ThreadData;
// Not awaited here: Node would warn of a strategy that never settles, in words that mean this file.
void importStrategy(file, text).then((strategy) =>
  checkStrategy(strategy, (finding) => {
    port.postMessage(finding);
  }),
);
