import type { Worker } from 'node:worker_threads';
import { messageOf } from '../../proto/errors.ts';
import { strategyWorker } from '../strategy-thread.ts';
import { conformanceCases } from './cases.ts';
import type { Finding } from './check.ts';

/** The longest case of a strategy that ends takes 3 s here, one that a million calls of the session end 13 s. */
const defaultCaseMaxMs = 30_000;

export interface CheckOptions {
  /** Hears of each finding as it is made. */
  told?: (finding: Finding) => void;
  signal?: AbortSignal | undefined;
  /** A case that takes longer ends the check. */
  caseMaxMs?: number;
}

/** Resolves with what keeps the thread from its next findings; null = it has made them all. */
const untilStuck = (
  worker: Worker,
  count: number,
  caseMaxMs: number,
  found: (finding: Finding) => void,
): Promise<string | null> =>
  new Promise((resolve) => {
    let left = count;
    const patience = setTimeout(() => {
      resolve(`it did not end within ${caseMaxMs / 1000} s: is there a loop that awaits nothing?`);
    }, caseMaxMs);
    const end = (problem: string | null): void => {
      clearTimeout(patience);
      resolve(problem);
    };
    worker.on('message', (finding: Finding) => {
      patience.refresh();
      found(finding);
      if (--left === 0) end(null);
    });
    worker.on('error', (error) => {
      end(messageOf(error));
    });
    worker.on('exit', () => {
      end('it never ends: it awaits something that nothing is left to bring about');
    });
  });

/**
 * Holds a strategy to every case of the conformance suite, in a thread of its own: one that never ends is a finding, too.
 * @throws the signal's reason when it aborts.
 */
export const checkInThread = async (
  { file, text }: { file: string; text: string },
  { told = () => undefined, signal, caseMaxMs = defaultCaseMaxMs }: CheckOptions = {},
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    told(finding);
  };
  const names = conformanceCases().map(({ name }) => name);
  const worker = strategyWorker(new URL('check-worker.ts', import.meta.url), { file, text });
  const stop = (): void => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const problem = await untilStuck(worker, names.length, caseMaxMs, found);
    signal?.throwIfAborted();
    const [stuck, ...untried] = names.slice(findings.length);
    if (stuck !== undefined) found({ name: stuck, problem });
    for (const name of untried) found({ name, problem: 'not tried' });
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
  return findings;
};
