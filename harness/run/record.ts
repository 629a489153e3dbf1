import { codeOf, LivemigError, messageOf, toErrorDocument } from '#proto/errors';
import type { ErrorCode } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import type { Clock } from '../clock.ts';
import type { GuestTrace, Whereabouts } from '../measure/guest-end.ts';
import { adviceOf, noTrace, whereIs } from '../measure/guest-end.ts';
import { resultSchemaVersion } from '../result.ts';
import type {
  CrossCheck,
  EndedIn,
  Environment,
  Evidence,
  GuestEnd,
  Integrity,
  LinkAsRun,
  Measurement,
  PlayedEntry,
  RunResult,
  RunState,
  SweepOfRun,
} from '../result.ts';
import type { Scenario } from '../scenario.ts';
import type { LinkExtremes, Traces } from './link-extremes.ts';
import { extremesOf } from './link-extremes.ts';
import { machineEnvironment } from './environment.ts';
import type { Identity } from './identity.ts';
import { identityOf } from './identity.ts';

/** A scenario; tests of the oracles also run the strategies that no user is offered. */
export type RunnableScenario = Scenario;

/** What is known of a run so far. Stages fill it in as they pass, so that a run that fails half-way still says a lot. */
export interface RunRecord {
  readonly scenario: RunnableScenario;
  readonly runId: string;
  readonly newId: Identity['newId'];
  readonly startedAt: string;
  /** The testbed's, as soon as there is one. */
  clock: Clock;
  /** By that clock. */
  startedAtMs: number;
  driver: RunResult['driver'];
  link: LinkAsRun;
  environment: Environment;
  crossChecks: CrossCheck[];
  integrity: Integrity | null;
  evidence: Evidence;
  readonly sweep: SweepOfRun | null;
  /** The newest phase, `down` apart. */
  phase: EndedIn['phase'];
  /** What has been seen of the guest. */
  guest: GuestTrace;
  /** Why its memory was not compared, where that was tried. */
  unverified: string | null;
  /** Of a strategy of the user's own. */
  strategyText?: string;
  /** The files that its timeline names. */
  traces: Traces;
  /** What came of its timeline; null = it has none, or has not got there. */
  timeline: PlayedEntry[] | null;
  /** Its timeline has cancelled the migration. */
  isCancelledByTimeline: boolean;
}

export const startRecord = (
  scenario: RunnableScenario,
  sweep: SweepOfRun | null = null,
  { newId, clock }: Identity = identityOf(scenario, sweep, scenario.driver),
): RunRecord => ({
  scenario,
  runId: newId(),
  newId,
  startedAt: clock.timestamp(),
  clock,
  startedAtMs: clock.nowMs(),
  driver: null,
  link: { profile: scenario.link, backend: null, definition: null, readBack: null, calibration: null },
  environment: machineEnvironment(),
  crossChecks: [],
  integrity: null,
  evidence: { source: null, destination: null, rounds: [], linkCuts: [], measurement: null },
  sweep,
  phase: null,
  guest: noTrace(),
  unverified: null,
  traces: new Map(),
  timeline: null,
  isCancelledByTimeline: false,
});

/** How far a run's timeline may change its link. */
export const extremesFor = ({ scenario, traces }: RunRecord, profile: LinkProfile): LinkExtremes =>
  extremesOf(profile, scenario.timeline ?? [], traces);

/** The run's time goes on by another clock. */
export const goOnBy = (record: RunRecord, clock: Clock): void => {
  const passedMs = record.clock.nowMs() - record.startedAtMs;
  record.startedAtMs = clock.nowMs() - passedMs;
  record.clock = clock;
};

/** Why nobody has compared the guest's memory, where nobody could try. */
const unverifiedBecause = (
  { where, comparable }: Whereabouts,
  { unverified, guest }: RunRecord,
  code: ErrorCode | null,
): string => {
  if (where === 'nowhere') return 'there was no guest';
  if (code === 'CANCELLED' && unverified === null && guest.source === null) return 'the run was aborted';
  if (comparable !== null) return unverified ?? 'the run ended before that';
  if (where === 'lost') return 'there is nothing left to compare';
  if (guest.sourceAgent !== 'answers')
    return `the source agent, which knows what the guest last wrote, is ${guest.sourceAgent}`;
  if (guest.destinationAgent !== 'answers') return `the destination agent is ${guest.destinationAgent}`;
  return where === 'source' ? 'it does not run' : 'it has not all of its memory on one host';
};

/** Where the guest is, and what is known of it. */
const guestEndOf = (record: RunRecord, code: ErrorCode | null): GuestEnd => {
  const whereabouts = whereIs(record.guest);
  const { where, detail } = whereabouts;
  const verified = record.integrity !== null;
  const unverified = verified ? null : unverifiedBecause(whereabouts, record, code);
  return { where, detail, verified, unverified, advice: adviceOf(where, code) };
};

const commonOf = (record: RunRecord, code: ErrorCode | null) => {
  const {
    scenario,
    runId,
    startedAt,
    startedAtMs,
    clock,
    driver,
    link,
    environment,
    crossChecks,
    sweep,
    phase,
    guest: { status },
    timeline,
  } = record;
  return {
    schemaVersion: resultSchemaVersion as typeof resultSchemaVersion,
    runId,
    startedAt,
    durationMs: clock.nowMs() - startedAtMs,
    driver,
    link,
    strategy: scenario.strategy,
    scenario,
    environment,
    crossChecks,
    ...(timeline === null ? {} : { timeline }),
    sweep,
    guest: guestEndOf(record, code),
    endedIn: { phase, status },
  };
};

const stateOfCode: Partial<Record<ErrorCode, Exclude<RunState, 'completed'>>> = {
  CANCELLED: 'aborted',
  UNSUPPORTED: 'unsupported',
  LINK_OUT_OF_TOLERANCE: 'invalid',
  CROSS_CHECK_FAILED: 'invalid',
};

/** How a run that ended with an error of this code counts. */
export const stateOf = (code: ErrorCode): Exclude<RunState, 'completed'> => stateOfCode[code] ?? 'failed';

export const completedResult = (record: RunRecord, measurement: Measurement): RunResult => {
  if (record.integrity === null)
    throw new LivemigError('INTERNAL', 'a run can only complete with its pages compared');
  return {
    ...commonOf(record, null),
    state: 'completed',
    measurement,
    integrity: record.integrity,
    error: null,
  };
};

/**
 * `await using` wraps an error in another when taking the testbed down fails as well: what failed first names the
 * result, what failed last joins its message.
 */
const unwrapped = (error: unknown): unknown => {
  if (!(error instanceof Error && 'suppressed' in error && 'error' in error)) return error;
  const first = unwrapped(error.suppressed);
  const message = `${messageOf(first)}; then taking the testbed down failed: ${messageOf(error.error)}`;
  return new LivemigError(codeOf(first), message);
};

/** Anything thrown, as a result: a failure is never a number. */
export const endedResult = (record: RunRecord, error: unknown): RunResult => {
  const { code, message, problems } = toErrorDocument(unwrapped(error));
  // That a scenario's own timeline cancels its migration is an answer; that somebody else does is none.
  const isAnswer = code === 'CANCELLED' && record.isCancelledByTimeline;
  return {
    ...commonOf(record, code),
    state: isAnswer ? 'failed' : stateOf(code),
    measurement: null,
    integrity: record.integrity,
    error: { code, message, ...(problems === undefined ? {} : { problems }) },
    evidence: record.evidence,
  };
};
