import { isOurs, messageOf } from '#proto/errors';
import { nearest } from '../nearest.ts';
import type { Detail, Observed } from './attempt.ts';
import type { Breach, BreachKind } from './breaches.ts';
import { comesOf } from './breaches.ts';
import type { Call } from './ear.ts';
import type { DiagnosisCode } from './diagnoses.ts';
import type { FaultyPages } from './page-faults.ts';
import { pageFaultsOf } from './page-faults.ts';
import type { Place } from '../strategy-place.ts';
import { placeOfError } from '../strategy-place.ts';

/** What is most probably wrong with a strategy. */
export interface Diagnosis {
  code: DiagnosisCode;
  /** What of it was seen, with its figures. */
  seen: string;
  /** Of the strategy's file; null = not known. */
  place: Place | null;
  /** The page that shows it; null = it isn't about pages. */
  page: number | null;
}

/** All that a diagnosis may rest on. */
interface Evidence extends Observed {
  breaches: readonly Breach[];
  detail: Detail;
}

type Rule = (of: Evidence) => Diagnosis | null;

const callText = ({ name, mode }: Call): string => `session.${name}(${mode === null ? '' : `'${mode}'`})`;

const has = ({ breaches }: Evidence, ...kinds: readonly BreachKind[]): boolean =>
  breaches.some(({ kind }) => kinds.includes(kind));

const at = (code: DiagnosisCode, seen: string, place?: Place | null): Diagnosis => ({
  code,
  seen,
  place: place ?? null,
  page: null,
});

/** Calls after which nothing of what was done before may be under way. */
const turningPoints: readonly Call['name'][] = [
  'guest.pause',
  'destination.sendDeviceState',
  'destination.resume',
  'destination.complete',
];

const missingAwait: Rule = ({ detail, log, strays }) => {
  const { calls } = detail;
  const floating = calls.find(({ isAwaited }) => !isAwaited);
  if (floating !== undefined)
    return at('missing-await', `nothing awaits ${callText(floating)}`, floating.place);
  const [underWay] = log.end?.kind === 'returned' ? log.end.underWay : [];
  if (underWay !== undefined)
    return at('missing-await', `it ended with ${callText(underWay)} under way`, underWay.place);
  const unheard = calls.find(
    ({ failure }) => failure !== null && strays.some((error) => comesOf(error, failure.error)),
  );
  if (unheard !== undefined)
    return at('missing-await', `nothing hears that ${callText(unheard)} fails`, unheard.place);
  const early = calls.find(({ name, beside }) => turningPoints.includes(name) && beside !== null);
  const before = early?.beside ?? null;
  if (early === undefined || before === null) return null;
  // The first call of a function that isn't awaited is made by its caller; later ones are made by nobody.
  const place =
    before.place ?? calls.findLast(({ name, place: known }) => name === before.name && known !== null)?.place;
  return at('missing-await', `${callText(early)} came with ${callText(before)} under way`, place);
};

/** Whether an error is one of the session's, and not the strategy's own. */
const isOfSession = ({ attempt, detail, log, injected }: Evidence, error: unknown): boolean => {
  if (log.bound !== null || attempt.disturbance?.kind === 'abort') return true;
  if (injected !== null && comesOf(error, injected)) return true;
  // Errors without a code come of what it was given.
  const thrown = [...detail.refusals, ...detail.calls.flatMap(({ failure }) => failure?.error ?? [])];
  return isOurs(error) && thrown.some((each) => comesOf(error, each));
};

const ownError = (of: Evidence): { error: unknown } | null => {
  const { end } = of.log;
  return end?.kind === 'threw' && !isOfSession(of, end.error) ? { error: end.error } : null;
};

const unknownName: Rule = (of) => {
  const { unknown } = of.detail;
  const asked = unknown.at(-1);
  if (asked === undefined) return null;
  if (!has(of, 'unknown-name', 'no-end') && ownError(of) === null) return null;
  const guess = nearest(asked.name, asked.known);
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
  return at('unknown-name', `there is no session.${asked.path}${hint}`, asked.place);
};

const wrongOrder: Rule = ({ detail, log }) => {
  const { end } = log;
  if (end?.kind !== 'threw') return null;
  const refused = detail.calls.find(
    ({ failure }) =>
      failure !== null &&
      isOurs(failure.error) &&
      failure.error.code === 'ILLEGAL_PHASE' &&
      comesOf(end.error, failure.error),
  );
  return refused === undefined ? null : at('wrong-order', messageOf(refused.failure?.error), refused.place);
};

const givesUpOtherwise: Rule = (of) => {
  const own = ownError(of);
  return has(of, 'gave-up') && own !== null
    ? at('gives-up-otherwise', messageOf(own.error), placeOfError(own.error))
    : null;
};

const throws: Rule = (of) => {
  const own = ownError(of);
  if (own === null || has(of, 'not-passed-on', 'goes-on')) return null;
  const call = of.detail.calls.find(({ failure }) => failure !== null && comesOf(own.error, failure.error));
  return at('throws', messageOf(own.error), placeOfError(own.error) ?? call?.place);
};

const unheardFailure: Rule = ({ strays }) => {
  const [stray] = strays;
  return strays.length === 0 ? null : at('unheard-failure', messageOf(stray), placeOfError(stray));
};

const endsEarly: Rule = ({ detail: { calls }, log, migration }) => {
  const error = migration?.source.error ?? null;
  if (log.end?.kind !== 'returned' || error === null) return null;
  const resumed = calls.find(({ name }) => name === 'destination.resume');
  if (resumed === undefined)
    return at(
      'never-switches-over',
      'it returned, and never called session.destination.resume',
      calls.at(-1)?.place,
    );
  const isComplete = calls.some(
    ({ name, endedAtMs, failure }) =>
      name === 'destination.complete' && endedAtMs !== null && failure === null,
  );
  return isComplete ? null : at('never-completes', 'it returned after the order to resume', resumed.place);
};

const isLooping = ({ log, failure, isTimeUp, endedAtMs }: Evidence): boolean =>
  log.bound !== null || (failure !== null && isTimeUp && endedAtMs - log.lastCallAtMs < 1000);

/** The call that was made most often at last. */
const loopingCall = (calls: readonly Call[]): Call | undefined => {
  const groups = Map.groupBy(calls.slice(-1000), ({ name, place }) => `${name} ${place?.line ?? 0}`);
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0]?.[0];
};

const loops: Rule = (of) => {
  if (!has(of, 'no-end') || !isLooping(of)) return null;
  const call = loopingCall(of.detail.calls);
  const seen = `${of.log.calls} calls, most of them ${call === undefined ? 'none' : callText(call)}`;
  return at(of.attempt.mayGiveUp === true ? 'limits-ignored' : 'endless-loop', seen, call?.place);
};

const pagesText = ({ pages }: FaultyPages, what: string): string =>
  pages.length === 1 ? `${what} ${pages[0] ?? 0}` : `${pages.length} ${what}s, such as ${pages[0] ?? 0}`;

const pageFault: Rule = (of) => {
  const isDisturbed = of.attempt.disturbance !== undefined;
  // What it would have sent later doesn't count where it never came to that.
  const isPushed = of.detail.calls.some(({ name }) => name === 'destination.complete');
  const wanted = pageFaultsOf(of.detail.pages).find(
    ({ fault }) =>
      (fault !== 'sent-twice' || (!isDisturbed && has(of, 'sent-twice'))) &&
      (fault !== 'pages-left-out' || isPushed),
  );
  if (
    wanted === undefined ||
    !has(of, 'no-end', 'failed', 'not-moved', 'lost-pages', 'stale-reads', 'sent-twice')
  )
    return null;
  const { fault, pages } = wanted;
  const turn = fault === 'missing-last-sync' ? 'guest.pause' : 'destination.resume';
  const call = of.detail.calls.find(({ name }) => name === turn);
  const what = fault === 'disk-left-out' ? 'block' : 'page';
  const says = of.breaches.map((each) => each.says).join('; ');
  return {
    code: fault,
    seen: `${says} (${pagesText(wanted, what)})`,
    place: call?.place ?? null,
    page: pages[0] ?? null,
  };
};

const servesNothing: Rule = (of) => {
  const { isServed, calls } = of.detail;
  const order = calls.find(({ name, mode }) => name === 'destination.resume' && mode === 'postcopy');
  if (isServed || order === undefined || of.attempt.disturbance?.kind !== 'lost-connections') return null;
  return at('missing-serve', of.breaches.map(({ says }) => says).join('; '), order.place);
};

const waits: Rule = (of) => {
  if (!has(of, 'no-end')) return null;
  const last = of.detail.calls.at(-1);
  return at(
    'waits-forever',
    last === undefined ? 'it made no call' : `its last call was ${callText(last)}`,
    last?.place,
  );
};

const ignoresAbort: Rule = (of) =>
  has(of, 'goes-on') ? at('abort-ignored', of.breaches[0]!.says, of.detail.calls.at(-1)?.place) : null;

const swallows: Rule = (of) => {
  if (!has(of, 'not-passed-on')) return null;
  const failed = of.detail.calls.find(({ failure }) => failure?.error === of.injected);
  return at('failure-swallowed', of.breaches[0]!.says, failed?.place);
};

/** In this order: what comes first explains what comes after it. */
const rules: readonly Rule[] = [
  missingAwait,
  unknownName,
  wrongOrder,
  givesUpOtherwise,
  throws,
  unheardFailure,
  endsEarly,
  loops,
  servesNothing,
  pageFault,
  waits,
  ignoresAbort,
  swallows,
];

/** What is most probably wrong; null = nothing of the list is seen in it. */
export const diagnosisOf = (observed: Observed, breaches: readonly Breach[]): Diagnosis | null => {
  const { detail } = observed;
  if (detail === null || breaches.length === 0) return null;
  for (const rule of rules) {
    const found = rule({ ...observed, detail, breaches });
    if (found !== null) return found;
  }
  return null;
};
