import type { Worker } from 'node:worker_threads';
import { messageOf } from '#proto/errors';
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
  let patience: NodeJS.Timeout | undefined;
  let worker: Worker | undefined;
  const stop = (): void => void worker?.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    // What keeps the thread from its next findings; null = it has made them all.
    const problem = await new Promise<string | null>((resolve) => {
      patience = setTimeout(() => {
        resolve(`it did not end within ${caseMaxMs / 1000} s: is there a loop that awaits nothing?`);
      }, caseMaxMs);
      const said = (finding: Finding): void => {
        patience?.refresh();
        found(finding);
        if (findings.length === names.length) resolve(null);
      };
      const ended = (error: Error | null): void => {
        const never = 'it never ends: it awaits something that nothing is left to bring about';
        resolve(error === null ? never : messageOf(error));
      };
      const script = new URL(import.meta.resolve('#harness/conformance/check-worker'));
      worker = strategyWorker(script, { file, text }, { said, ended });
    });
    signal?.throwIfAborted();
    const [stuck, ...untried] = names.slice(findings.length);
    if (stuck !== undefined) found({ name: stuck, problem });
    for (const name of untried) found({ name, problem: 'not tried' });
  } finally {
    clearTimeout(patience);
    signal?.removeEventListener('abort', stop);
    await worker?.terminate();
  }
  return findings;
};
