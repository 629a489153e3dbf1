import { constants } from 'node:os';
import type { RunResult } from '#harness/result';
import type { Cell, PhaseName } from './cells.ts';

/** The rules that every cell is judged by. Pure. */

/** The time limit from the signal to the end of the run's process. */
export const endsWithinMs = 150_000;

/** The outcome of a run. */
export interface Seen {
  /** From the signal to the end of its process; null = it didn't end in time. */
  tookMs: number | null;
  /** Of its process; null = a signal ended it. */
  exitCode: number | null;
  /** Of its process; null = it ended by itself. */
  endedBy: string | null;
  /** What it printed; null = it printed no document. */
  result: Pick<RunResult, 'state' | 'error' | 'guest'> | null;
  /** The result is where `--out` says. */
  isStored: boolean;
  /** Processes, directories and files left: right away, or after a sweep if the harness was killed. */
  leftovers: readonly string[];
}

type Where = RunResult['guest']['where'];

/** The guest runs or is paused at the source, and no order to run it elsewhere has been sent. */
const beforeSwitchover: readonly PhaseName[] = ['active', 'pre-switchover'];
const isOver = (phase: PhaseName): boolean => phase === 'collect';

export const isFatal = ({ victim, signal }: Cell): boolean =>
  victim === 'harness' && (signal === 'KILL' || signal === 'QUIT');

/** Where the guest may be if its host got no signal. */
const untouched = (phase: PhaseName): Where[] => {
  if (phase === 'up' || phase === 'calibrate') return ['nowhere'];
  // It may be started meanwhile.
  if (phase === 'boot') return ['nowhere', 'source'];
  if (beforeSwitchover.includes(phase)) return ['source'];
  // Until the destination has said so, nobody knows that it runs there.
  if (phase === 'device') return ['source', 'unknown'];
  return phase === 'postcopy-active' ? ['destination', 'unknown'] : ['destination'];
};

/** Where the guest can be after an agent is gone (KILL, TERM) or stands still (STOP). */
const afterStrike = ({ victim, phase, signal }: Cell): Where[] => {
  const isGone = signal !== 'STOP';
  if (phase === 'calibrate' || phase === 'boot') {
    if (victim === 'source' && isGone) return phase === 'boot' ? ['nowhere', 'lost'] : ['nowhere'];
    // Nobody needs the observer then: it is found stopped 10 s later.
    return victim === 'observer' && !isGone ? ['nowhere', 'source'] : untouched(phase);
  }
  const isAtSource = beforeSwitchover.includes(phase) || phase === 'device';
  // Nor does anybody need it during a migration that is in `device`: that ends before then.
  if (victim === 'observer' && !isGone && phase === 'device') return ['source', 'destination'];
  if (victim === 'source') {
    if (isOver(phase)) return ['destination'];
    if (isGone) return ['lost'];
    // A stopped process still holds the guest.
    return isAtSource ? untouched(phase) : ['destination'];
  }
  if (isAtSource) return ['source'];
  if (victim === 'destination') return isGone ? ['lost'] : untouched(phase);
  return ['destination'];
};

/** Where the guest can be, by the laws of nature. */
export const possiblePlaces = (cell: Cell): Where[] => {
  if (cell.signal === 'CONT') return cell.phase === 'up' || cell.phase === 'calibrate' ? ['nowhere', 'destination'] : ['destination']; // prettier-ignore
  return cell.victim === 'harness' ? untouched(cell.phase) : afterStrike(cell);
};

const signalNumber = (signal: Cell['signal']): number => constants.signals[`SIG${signal}`];

const stateProblems = (cell: Cell, { state, error }: NonNullable<Seen['result']>): string[] => {
  const { victim, signal, phase } = cell;
  const text = `${state}${error === null ? '' : ` (${error.code}: ${error.message})`}`;
  if (signal === 'CONT')
    return state === 'completed' || state === 'invalid'
      ? []
      : [`expected the run to go on to its end, it is ${text}`];
  if (victim === 'harness')
    return state === 'aborted' ? [] : [`expected the run to be aborted, it is ${text}`];
  // A process that has done its part is not missed.
  const isMissed = !isOver(phase);
  if (!isMissed && (state === 'completed' || state === 'invalid')) return [];
  return error?.code === 'AGENT_UNREACHABLE' && error.message.includes(`the ${victim} agent`)
    ? []
    : [`expected it to say that the ${victim} agent is gone or silent, it is ${text}`];
};

const exitProblems = (cell: Cell, { exitCode, endedBy, result }: Seen): string[] => {
  const said = endedBy ?? `exit code ${exitCode}`;
  if (isFatal(cell))
    return endedBy === `SIG${cell.signal}` ? [] : [`expected an end by SIG${cell.signal}, got ${said}`];
  const isInterrupted = cell.victim === 'harness' && cell.signal !== 'CONT';
  const code = isInterrupted ? 128 + signalNumber(cell.signal) : result?.state === 'completed' ? 0 : 1;
  return exitCode === code ? [] : [`expected exit code ${code}, got ${said}`];
};

const guestProblems = (cell: Cell, { guest, state }: NonNullable<Seen['result']>): string[] => {
  const { where, verified, unverified, advice, detail } = guest;
  const problems: string[] = [];
  const places = possiblePlaces(cell);
  if (!places.includes(where))
    problems.push(`the guest can't be ${where} (${detail}): ${places.join(' or ')}`);
  const isStruck = (role: Cell['victim']): boolean => cell.victim === role && cell.signal !== 'CONT';
  // An agent that is gone or stopped compares nothing; only the source knows what the guest last wrote.
  const canBeVerified =
    (where === 'source' && !isStruck('source')) ||
    (where === 'destination' && !isStruck('source') && !isStruck('destination'));
  if (verified && !canBeVerified && !isOver(cell.phase))
    problems.push('it says that memory was verified which nobody could compare');
  const mustBeVerified = canBeVerified && where === 'source' && !isStruck('harness');
  if (!verified && (mustBeVerified || state === 'completed'))
    problems.push(`its memory was not verified: ${unverified ?? 'it does not say why'}`);
  if (!verified && (unverified ?? '') === '')
    problems.push('it does not say why the memory was not verified');
  if (state !== 'completed' && (advice ?? '') === '') problems.push('it does not say what to do');
  return problems;
};

/** What is wrong with a cell; empty if everything is as it must be. */
export const problemsOf = (cell: Cell, seen: Seen): string[] => {
  if (seen.tookMs === null) return [`it did not end within ${endsWithinMs / 1000} s`];
  const { result } = seen;
  const problems = exitProblems(cell, seen);
  if (seen.tookMs > endsWithinMs) problems.push(`it took ${Math.round(seen.tookMs / 1000)} s to end`);
  if (result !== null) problems.push(...stateProblems(cell, result), ...guestProblems(cell, result));
  else if (!isFatal(cell)) problems.push('it left no result');
  if (!isFatal(cell) && !seen.isStored) problems.push('its result was not stored');
  return [...problems, ...seen.leftovers.map((each) => `left behind: ${each}`)];
};
