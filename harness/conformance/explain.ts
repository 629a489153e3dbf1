import type { TransferStrategy } from '#hosts/ports';
import type { Attempt, Observed } from './attempt.ts';
import { observed } from './attempt.ts';
import type { Breach } from './breaches.ts';
import { breachesOf } from './breaches.ts';
import type { Failing } from './cases.ts';
import { cured } from './cures.ts';
import type { Diagnosis } from './diagnose.ts';
import { diagnosisOf } from './diagnose.ts';
import { smallest } from './shrink.ts';
import type { Timeline } from './timeline.ts';
import { timelineOf } from './timeline.ts';

/** What is wrong with a strategy, as far as that can be told, and the smallest migration that shows it. */
export interface Explanation {
  /** Null = nothing of the list is seen in it: then there is only what was observed. */
  diagnosis: Diagnosis | null;
  /** Whether that attempt was tried again with what the diagnosis misses, and then nothing was wrong. */
  isConfirmed: boolean;
  /** What came of the smallest attempt. */
  observed: readonly Breach[];
  smallest: Attempt;
  timeline: Timeline | null;
}

/** An attempt, looked at closely. */
export interface Seen {
  observed: Observed;
  breaches: readonly Breach[];
  diagnosis: Diagnosis | null;
}

const kindsOf = (breaches: readonly Breach[]): string => breaches.map(({ kind }) => kind).join(' ');

/** By which attempts show the same; one that loses nothing isn't as telling as one that does. */
const causeOf = ({ diagnosis, breaches }: Pick<Seen, 'diagnosis' | 'breaches'>): string => {
  const isLost = breaches.some(({ kind }) => kind === 'lost-pages' || kind === 'stale-reads');
  return diagnosis === null ? kindsOf(breaches) : `${diagnosis.code}${isLost ? ', with loss' : ''}`;
};

const seen = async (strategy: TransferStrategy, attempt: Attempt, strays: unknown[]): Promise<Seen> => {
  const again = await observed(strategy, attempt, { isDetailed: true, strays });
  const breaches = breachesOf(again);
  return { observed: again, breaches, diagnosis: diagnosisOf(again, breaches) };
};

/** Makes the same attempt again, and looks closely. If nothing is wrong then, that is what is wrong. */
export const seenAgain = async (
  strategy: TransferStrategy,
  { observed: { attempt }, breaches }: Failing,
  strays: unknown[],
): Promise<Seen> => {
  const again = await seen(strategy, attempt, strays);
  if (again.breaches.length > 0) return again;
  const diagnosis: Diagnosis = {
    ...{ code: 'not-repeatable', place: null, page: null },
    seen: `first ${breaches[0]!.says}, and then nothing was wrong`,
  };
  return { ...again, breaches, diagnosis };
};

/** Looks for the smallest attempt that shows the same, and says what happens in it. */
export const explained = async (
  strategy: TransferStrategy,
  first: Seen,
  strays: unknown[],
): Promise<Explanation> => {
  if (first.diagnosis?.code === 'not-repeatable')
    return {
      ...{ diagnosis: first.diagnosis, isConfirmed: false, observed: first.breaches, timeline: null },
      smallest: first.observed.attempt,
    };
  const cause = causeOf(first);
  let best = first;
  await smallest(first.observed.attempt, async (attempt) => {
    // Most smaller ones show nothing, and that is known soonest where nobody listens.
    if (breachesOf(await observed(strategy, attempt, { strays })).length === 0) return false;
    const smaller = await seen(strategy, attempt, strays);
    if (smaller.breaches.length === 0 || causeOf(smaller) !== cause) return false;
    best = smaller;
    return true;
  });
  const { observed: of, breaches, diagnosis } = best;
  const mended = diagnosis === null ? null : cured(strategy, diagnosis.code);
  const again = mended === null ? null : await observed(mended, of.attempt, { strays });
  return {
    diagnosis,
    isConfirmed: again !== null && breachesOf(again).length === 0,
    observed: breaches,
    smallest: of.attempt,
    timeline: of.detail === null ? null : timelineOf(of, of.detail, diagnosis),
  };
};
