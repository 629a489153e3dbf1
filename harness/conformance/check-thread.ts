import { messageOf } from '#proto/errors';
import type { Importable, Silence } from '../strategy-thread.ts';
import { heardOut } from '../strategy-thread.ts';
import type { Attempt } from './attempt.ts';
import { defaultSeed } from './cases.ts';
import type { CaseExplanation, CheckRequest, Finding } from './check.ts';
import { casesOf, notTried } from './check.ts';
import type { Diagnosis } from './diagnose.ts';

/** What a check has found. */
export interface Checked {
  /** Of every case. */
  findings: readonly Finding[];
  /** Of the first case that failed; null = none did. */
  explanation: CaseExplanation | null;
}

/** What the thread says. */
export type CheckWord =
  | { kind: 'alive' }
  | { kind: 'trying'; case: string; attempt: Attempt }
  | { kind: 'found'; finding: Finding }
  | { kind: 'explained'; explanation: CaseExplanation }
  | { kind: 'done' };

/** A thread whose event loop turns says something twice a second; no attempt of a sound strategy takes a second. */
const defaultSilentMaxMs = 10_000;

export interface CheckOptions extends CheckRequest {
  /** Hears of each finding as it is made. */
  told?: (finding: Finding) => void;
  signal?: AbortSignal | undefined;
  /** A strategy that lets its thread do nothing else for so long has no end. */
  silentMaxMs?: number;
}

/** What the end of the thread says of the strategy that was at work in it. */
const diagnosisOfSilence = (silence: Silence, silentMaxMs: number): Diagnosis | null => {
  switch (silence.kind) {
    case 'silent':
      return {
        ...{ code: 'blocking-loop', place: silence.place, page: null },
        seen: `it let nothing else happen for ${silentMaxMs / 1000} s`,
      };
    case 'idle':
      return { code: 'waits-forever', seen: 'its thread has nothing left to do', place: null, page: null };
    case 'failed':
      return null;
  }
};

/**
 * Holds a strategy to every case of the conformance suite, in a thread of its own: one that never ends is a finding, too.
 * @throws the signal's reason when it aborts.
 */
export const checkInThread = async (strategy: Importable, options: CheckOptions = {}): Promise<Checked> => {
  const { told = () => undefined, signal, silentMaxMs = defaultSilentMaxMs, only = null, seed } = options;
  const request: CheckRequest = { only, ...(seed === undefined ? {} : { seed }) };
  const findings: Finding[] = [];
  const heard: { explanation: CaseExplanation | null; trying: Attempt | null } = {
    ...{ explanation: null, trying: null },
  };
  const found = (finding: Finding): void => {
    findings.push(finding);
    told(finding);
  };
  const script = new URL(import.meta.resolve('#harness/conformance/check-worker'));
  const silence = await heardOut<CheckWord, CheckRequest>(script, strategy, {
    asked: request,
    said: (word) => {
      if (word.kind === 'trying') heard.trying = word.attempt;
      else if (word.kind === 'found') found(word.finding);
      else if (word.kind === 'explained') heard.explanation = word.explanation;
      return word.kind === 'done';
    },
    silentMaxMs,
    signal,
  });
  if (silence === null) return { findings, explanation: heard.explanation };
  const diagnosis = diagnosisOfSilence(silence, silentMaxMs);
  const says = silence.kind === 'failed' ? messageOf(silence.error) : diagnosis!.seen;
  const [stuck, ...untried] = casesOf(request).slice(findings.length);
  if (stuck !== undefined) {
    const { id, name } = stuck;
    const of = heard.trying?.trial.seed ?? seed ?? defaultSeed;
    found({ case: id, name, state: 'failed', problem: says, cause: diagnosis?.code ?? null, seed: of });
    for (const each of untried) found(notTried(each, `${id} had no end`));
  }
  const first = findings.find(({ state }) => state === 'failed');
  if (first === undefined || heard.trying === null) return { findings, explanation: null };
  return {
    findings,
    explanation: {
      ...{ case: first.case, diagnosis, isConfirmed: false, smallest: heard.trying, timeline: null },
      observed: [{ kind: 'no-end', says }],
    },
  };
};
