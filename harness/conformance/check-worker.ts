/** The thread of check-thread.ts: posts what it finds, as it finds it. */
import { workerData } from 'node:worker_threads';
import { importStrategy } from '#hosts/strategy-file';
import type { ThreadData } from '../strategy-thread.ts';
import type { CheckRequest } from './check.ts';
import { checkStrategy } from './check.ts';
import type { CheckWord } from './check-thread.ts';

const { file, text, asked, port } = workerData as ThreadData<CheckRequest>;
const say = (word: CheckWord): void => {
  port.postMessage(word);
};

/** A thread whose event loop turns says so: one in a loop that awaits nothing doesn't. */
const aliveEveryMs = 500;
setInterval(() => {
  say({ kind: 'alive' });
}, aliveEveryMs).unref();

// What the strategy leaves behind belongs to the attempt at hand; it must not end the thread.
const strays: unknown[] = [];
const straysMax = 1000;
const stray = (error: unknown): void => {
  if (strays.length < straysMax) strays.push(error);
};
process.on('unhandledRejection', stray);
process.on('uncaughtException', stray);

// Not awaited here: Node would warn of a strategy that never settles, in words that mean this file.
void importStrategy(file, text)
  .then((strategy) =>
    checkStrategy(
      strategy,
      asked,
      {
        trying: (id, attempt) => {
          say({ kind: 'trying', case: id, attempt });
        },
        found: (finding) => {
          say({ kind: 'found', finding });
        },
        explained: (explanation) => {
          say({ kind: 'explained', explanation });
        },
      },
      strays,
    ),
  )
  .then(() => {
    say({ kind: 'done' });
  });
