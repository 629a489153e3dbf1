/** Whether a run was conclusive, and whether to repeat it: for a sweep's trials and for single runs. */
import type { ErrorCode } from '#proto/errors';
import type { RunResult } from '../result.ts';

/**
 * What a run means for its trial: answered (a pre-copy that doesn't converge is an answer as well), inconclusive and
 * repeated, impossible on this machine, or a bug in livemig, which repeating would only hide.
 */
export type Meaning = 'answer' | 'doubt' | 'unsupported' | 'finding';

const doubtful: readonly ErrorCode[] = [
  'TESTBED_FAILED',
  'LINK_NOT_APPLIED',
  'AGENT_UNREACHABLE',
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
  'TIMEOUT',
];

export const meaningOf = ({
  state,
  errorCode,
}: {
  state: RunResult['state'];
  errorCode: ErrorCode | null;
}): Meaning => {
  if (state === 'completed' || errorCode === 'NOT_CONVERGED') return 'answer';
  if (state === 'unsupported') return 'unsupported';
  if (state === 'invalid' || state === 'aborted') return 'doubt';
  return errorCode !== null && doubtful.includes(errorCode) ? 'doubt' : 'finding';
};

/** How often a run may be repeated. */
export const retriesBounds = { least: 0, most: 20 } as const;

/**
 * Whether to give up.
 * @param failures outcomes of the attempts so far, none of them an answer.
 */
export const isGivenUp = (failures: readonly Meaning[], retries: number): boolean =>
  failures.some((meaning) => meaning !== 'doubt') || failures.length > retries;

/** One attempt: its result, and how to keep or drop it. */
export interface Try<T> {
  result: RunResult;
  keep: () => Promise<T>;
  drop: () => Promise<void>;
}

/**
 * Repeats a run until it is conclusive or given up, and keeps the last attempt.
 * @param told is called for every attempt that is dropped and repeated.
 */
export const tryUntilAnswered = async <T>(
  retries: number,
  signal: AbortSignal,
  once: () => Promise<Try<T>>,
  told: (result: RunResult, tries: number) => void,
): Promise<T> => {
  const failures: Meaning[] = [];
  for (;;) {
    const attempt = await once();
    const { result } = attempt;
    const meaning = meaningOf({ state: result.state, errorCode: result.error?.code ?? null });
    failures.push(meaning);
    // A run ended by the user isn't repeated.
    const isWanted = !signal.aborted && result.state !== 'aborted';
    if (meaning === 'answer' || !isWanted || isGivenUp(failures, retries)) return attempt.keep();
    await attempt.drop();
    told(result, failures.length);
  }
};
