import { codeOf, messageOf } from '#proto/errors';
import type { SimulatedMigration } from '#harness/simulation/simulate';
import type { Observed } from './attempt.ts';

/** What a strategy must not do: a closed list. */
export type BreachKind =
  | 'no-end'
  | 'broke'
  | 'failed'
  | 'not-moved'
  | 'lost-pages'
  | 'stale-reads'
  | 'sent-twice'
  | 'not-passed-on'
  | 'goes-on'
  | 'wrong-side'
  | 'gave-up'
  | 'not-awaited'
  | 'unknown-name'
  | 'stray';

export interface Breach {
  kind: BreachKind;
  /** With its figures. */
  says: string;
}

const breach = (kind: BreachKind, says: string): Breach => ({ kind, says });

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What a guest that was moved must show. */
const movedBreaches = (migration: SimulatedMigration): Breach[] => {
  const { source, destination, guestAt, verified } = migration;
  const error = source.error ?? destination.error;
  // What fails has no end: the rest follows from that.
  if (error !== null) return [breach('failed', `the migration failed with ${error.code}: ${error.message}`)];
  const { disk } = verified;
  const lost = [
    ...(verified.mismatches > 0 ? [plural(verified.mismatches, 'page')] : []),
    ...(disk !== undefined && disk.mismatches > 0 ? [plural(disk.mismatches, 'sector')] : []),
  ];
  const stale = verified.staleReads + (disk?.staleReads ?? 0);
  const twice = destination.duplicateArrivals;
  return [
    ...(guestAt === 'destination'
      ? []
      : [breach('not-moved', `the guest is at ${guestAt}, not at the destination`)]),
    ...(lost.length === 0
      ? []
      : [breach('lost-pages', `the destination has another version of ${lost.join(' and ')}`)]),
    ...(stale === 0 ? [] : [breach('stale-reads', `the guest read ${plural(stale, 'stale page')} there`)]),
    ...(twice === 0
      ? []
      : [breach('sent-twice', `${plural(twice, 'page')} came that the running guest had already`)]),
  ];
};

/** A migration that failed leaves the guest on one side at most: at the source until the order to resume is out. */
const sideBreaches = ({ guestAt, source }: SimulatedMigration, isOrdered: boolean): Breach[] => {
  const isRight = isOrdered ? guestAt === 'destination' || guestAt === 'nowhere' : guestAt === 'source';
  if (isRight) return [];
  const when = isOrdered ? 'after' : 'before';
  return [
    breach(
      'wrong-side',
      `the migration ${source.status} ${when} the order to resume, and the guest is at ${guestAt}`,
    ),
  ];
};

/** At most; causes may be circular. */
const causesMax = 10;

/** Whether an error is another one, or was caused by it. */
export const comesOf = (error: unknown, cause: unknown): boolean => {
  let each = error;
  for (let depth = 0; depth < causesMax; depth++) {
    if (each === cause) return true;
    if (typeof each !== 'object' || each === null || !('cause' in each)) return false;
    each = each.cause;
  }
  return false;
};

const failingCallBreaches = (of: Observed, migration: SimulatedMigration, nth: number): Breach[] => {
  const { log, injected, isOrdered } = of;
  const isPassedOn = log.end?.kind === 'threw' && comesOf(log.end.error, injected);
  const got = migration.source.error?.message ?? 'nothing';
  return [
    ...(isPassedOn ? [] : [breach('not-passed-on', `call ${nth} failed, and ${got} was passed on`)]),
    ...sideBreaches(migration, isOrdered),
  ];
};

const abortBreaches = (
  { log, isOrdered }: Observed,
  migration: SimulatedMigration,
  nth: number,
): Breach[] => {
  const goesOn = migration.source.error?.code !== 'CANCELLED' || log.calls > nth + 1;
  return [
    ...(goesOn ? [breach('goes-on', `aborted at call ${nth}, it went on to call ${log.calls}`)] : []),
    ...sideBreaches(migration, isOrdered),
  ];
};

const strictBreaches = ({ detail, log }: Observed): Breach[] => {
  if (detail === null) return [];
  const underWay = log.end?.kind === 'returned' ? log.end.underWay : [];
  const unheard = detail.calls.filter((call) => !call.isAwaited || underWay.includes(call));
  const asked = new Set(detail.unknown.map(({ path }) => `session.${path}`));
  return [
    ...(unheard.length === 0
      ? []
      : [breach('not-awaited', `nobody awaits ${plural(unheard.length, 'call')}`)]),
    ...(asked.size === 0 ? [] : [breach('unknown-name', `there is no ${[...asked].join(', ')}`)]),
  ];
};

const endedBreaches = (of: Observed, migration: SimulatedMigration): Breach[] => {
  const { attempt, log } = of;
  const { disturbance, mayGiveUp = false } = attempt;
  const { error } = migration.source;
  if (disturbance?.kind === 'failing-call' && log.calls >= disturbance.nth)
    return failingCallBreaches(of, migration, disturbance.nth);
  if (disturbance?.kind === 'abort' && log.calls >= disturbance.nth)
    return abortBreaches(of, migration, disturbance.nth);
  if (error !== null && disturbance?.kind === 'lost-connections') return sideBreaches(migration, false);
  if (error !== null && mayGiveUp) {
    if (error.code === 'NOT_CONVERGED' && migration.guestAt === 'source') return [];
    return [
      breach(
        'gave-up',
        `it ended with ${error.code} and the guest at ${migration.guestAt}: ${error.message}`,
      ),
    ];
  }
  return [...movedBreaches(migration), ...(attempt.isStrict === true ? strictBreaches(of) : [])];
};

/** All that a strategy did wrong in an attempt; empty = nothing. */
export const breachesOf = (of: Observed): Breach[] => {
  const { log, migration, failure, strays } = of;
  const stray = strays
    .map((error) => breach('stray', `failed where nobody waits: ${messageOf(error)}`))
    .slice(0, 1);
  if (log.bound !== null)
    return [breach('no-end', `it had no end after ${log.calls} calls of its session`), ...stray];
  if (failure !== null && codeOf(failure.error) === 'TIMEOUT')
    return [breach('no-end', `it had no end after ${plural(log.calls, 'call')} of its session`), ...stray];
  if (failure !== null) return [breach('broke', messageOf(failure.error)), ...stray];
  return [...(migration === null ? [] : endedBreaches(of, migration)), ...stray];
};
