/** Whether a run said anything, and whether making it again makes sense: of a sweep's trials and of single runs. */
import type { ErrorCode } from '../../proto/errors.ts';
import type { RunResult } from '../result.ts';

/**
 * What a run means for its trial: it was answered (a pre-copy that doesn't converge is an answer as well), the run says
 * nothing and is made again, the machine can't do it, or livemig is broken, which making it again would only hide.
 */
export type Meaning = 'answer' | 'doubt' | 'unsupported' | 'finding';

const doubtful: readonly ErrorCode[] = ['TESTBED_FAILED', 'LINK_NOT_APPLIED', 'AGENT_UNREACHABLE', 'TIMEOUT'];

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

/** How often a run may be made again. */
export const retriesBounds = { least: 0, most: 20 } as const;

/**
 * Whether no more is tried.
 * @param failures what the tries so far meant, none of them an answer.
 */
export const isGivenUp = (failures: readonly Meaning[], retries: number): boolean =>
  failures.some((meaning) => meaning !== 'doubt') || failures.length > retries;

/** One try: its result, and how it is kept or let go. */
export interface Try<T> {
  result: RunResult;
  keep: () => Promise<T>;
  drop: () => Promise<void>;
}

/**
 * Makes a run until it says something or is given up, and keeps the last one.
 * @param told hears of every try that is let go, and that there is another.
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
    // Whoever ends a run doesn't want another.
    const isWanted = !signal.aborted && result.state !== 'aborted';
    if (meaning === 'answer' || !isWanted || isGivenUp(failures, retries)) return attempt.keep();
    await attempt.drop();
    told(result, failures.length);
  }
};
