import type { TransferStrategy } from '#hosts/ports';
import type { Attempt } from './attempt.ts';
import type { CaseOptions, ConformanceCase } from './cases.ts';
import { conformanceCases, failureIn } from './cases.ts';
import type { DiagnosisCode } from './diagnoses.ts';
import type { Explanation, Seen } from './explain.ts';
import { explained, seenAgain } from './explain.ts';

/** What came of a case. */
export interface Finding {
  case: string;
  name: string;
  state: 'passed' | 'failed' | 'not-tried';
  /** What is wrong, or why it was not tried; null = nothing. */
  problem: string | null;
  /** Of a failed case: what is most probably wrong; null = nothing of the list. */
  cause: DiagnosisCode | null;
  /** Of the guest that failed; null = none did. */
  seed: number | null;
}

/** What a check is about. */
export interface CheckRequest extends Pick<CaseOptions, 'seed'> {
  /** The only case to try, with what it needs left out; null = all. */
  only?: string | null;
}

/** The cases of a request. With a seed, the random guests are one alone: the one that has it. */
export const casesOf = ({ only = null, seed }: CheckRequest): ConformanceCase[] => {
  if (only === null) return conformanceCases(seed === undefined ? {} : { seed });
  const cases = conformanceCases(seed === undefined ? {} : { seed, randomGuests: 1 });
  return cases.filter(({ id }) => id === only).map((each) => ({ ...each, needs: [] }));
};

export const notTried = ({ id, name }: ConformanceCase, why: string): Finding => ({
  ...{ case: id, name, state: 'not-tried', problem: why, cause: null, seed: null },
});

/** What is wrong, and the case that shows it. */
export type CaseExplanation = Explanation & { case: string };

/** Hears of what is found, as it is found. */
export interface CheckEvents {
  trying: (id: string, attempt: Attempt) => void;
  found: (finding: Finding) => void;
  explained: (explanation: CaseExplanation) => void;
}

/**
 * Holds a strategy to the cases of the conformance suite, in this thread, and explains the first that it fails.
 * @param strays where those who catch what nobody awaits put it
 */
export const checkStrategy = async (
  strategy: TransferStrategy,
  request: CheckRequest,
  events: CheckEvents,
  strays: unknown[] = [],
): Promise<void> => {
  const failed: { id: string; isEndless: boolean; seen: Seen }[] = [];
  /** Why a case isn't tried, by what is known already; null = it is. */
  const reasonAgainst = ({ needs }: ConformanceCase): string | null => {
    const endless = failed.find(({ isEndless }) => isEndless);
    if (endless !== undefined) return `${endless.id} had no end`;
    const missing = failed.find(({ id }) => needs.includes(id));
    return missing === undefined ? null : `it needs ${missing.id}`;
  };
  const tryCase = async (each: ConformanceCase): Promise<Finding> => {
    const against = reasonAgainst(each);
    if (against !== null) return notTried(each, against);
    const { id, name } = each;
    const failing = await failureIn(each, strategy, { strays }, (attempt) => {
      events.trying(id, attempt);
    });
    if (failing === null) return { case: id, name, state: 'passed', problem: null, cause: null, seed: null };
    const { breaches, observed } = failing;
    const seen = await seenAgain(strategy, failing, strays);
    failed.push({ id, isEndless: breaches.some(({ kind }) => kind === 'no-end'), seen });
    return {
      ...{ case: id, name, state: 'failed', cause: seen.diagnosis?.code ?? null },
      problem: breaches.map(({ says }) => says).join('; '),
      seed: observed.attempt.trial.seed,
    };
  };
  for (const each of casesOf(request)) events.found(await tryCase(each));
  const [first] = failed;
  if (first !== undefined)
    events.explained({ ...(await explained(strategy, first.seen, strays)), case: first.id });
};
