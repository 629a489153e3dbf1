import { Worker } from 'node:worker_threads';
import type { ErrorDocument } from '../proto/errors.ts';
import { fromErrorDocument, LivemigError, messageOf } from '../proto/errors.ts';

/** What the thread says of a strategy's file. */
export type Imported = { name: string } | { error: ErrorDocument };

/** The example takes a tenth of a second, on a machine with nothing else to do. */
const importMaxMs = 10_000;

/** A thread for a strategy of the user's own, whose prints don't get between what the harness prints. */
export const strategyWorker = (script: URL, strategy: { file: string; text: string }): Worker => {
  const worker = new Worker(script, { workerData: strategy, stdout: true });
  worker.stdout.pipe(process.stderr, { end: false });
  return worker;
};

/**
 * Imports a strategy where it can do no harm: in a thread that is ended afterwards. One that throws, that loops without
 * end, or that leaves something behind which throws later, doesn't end the harness.
 * @returns its name
 * @throws LivemigError BAD_INPUT where it can't be imported, or is none
 */
export const importInThread = async (
  strategy: { file: string; text: string },
  maxMs = importMaxMs,
): Promise<string> => {
  const refused = (why: string): LivemigError => {
    const problem = `strategy ${strategy.file}: ${why}`;
    return new LivemigError('BAD_INPUT', problem, { problems: [problem] });
  };
  const worker = strategyWorker(new URL('strategy-worker.ts', import.meta.url), strategy);
  let patience: NodeJS.Timeout | undefined;
  try {
    const imported = await new Promise<Imported>((resolve, reject) => {
      patience = setTimeout(() => {
        reject(refused(`its import did not end within ${maxMs / 1000} s: is there a loop at its top?`));
      }, maxMs);
      worker.on('message', resolve);
      worker.on('error', (error) => {
        reject(refused(`its import fails: ${messageOf(error)}`));
      });
      worker.on('exit', () => {
        reject(refused('its import never ends: it awaits something that nothing is left to bring about'));
      });
    });
    if ('name' in imported) return imported.name;
    throw fromErrorDocument(imported.error);
  } finally {
    clearTimeout(patience);
    await worker.terminate();
  }
};
