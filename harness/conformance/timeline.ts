import type { Detail, Observed } from './attempt.ts';
import type { Call } from './ear.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Moment, PageEvent, PageLog } from './page-log.ts';
import { isOfPage } from './page-log.ts';

/** What happened, and when: in ms since the migration began. */
export interface TimelineEntry {
  atMs: number;
  says: string;
  /** Of the strategy's file; null = not known, or not of its making. */
  line: number | null;
}

export interface Timeline {
  /** The page or block it is about; null = it lists calls of the session. */
  page: number | null;
  entries: readonly TimelineEntry[];
  /** Entries that are left out, in the middle. */
  leftOut: number;
}

const entriesMax = 24;
/** Those before what is left out. */
export const headEntries = 6;
const callsShown = 12;
const callsCounted = 1000;

/** How far a page's history is. */
interface Course {
  round: number;
  /** Version of the source's guest. */
  newest: number;
  /** Version at the destination; null = none. */
  there: number | null;
  isOrdered: boolean;
}

const momentText = ({ kind, mode }: Moment, { round }: Course): string => {
  if (kind === 'round') return `round ${round} ends`;
  if (kind === 'paused') return 'the guest is paused at the source';
  return mode === 'postcopy'
    ? 'switchover: the order to resume it; pages may follow'
    : 'switchover: the order to resume it; all pages are said to be there';
};

const versionText = (version: number | null): string => (version === null ? '' : ` v${version}`);

/** @param isDropped whether what is sent has no effect */
const pageText = ({ kind, version }: PageEvent, course: Course, isDropped: boolean): string => {
  if (kind === 'dirtied') return `dirtied${versionText(version)}`;
  if (kind === 'found') return 'memory.sync() returns it';
  if (kind === 'discarded') return 'discarded at the destination';
  if (kind === 'arrived') return `arrived${versionText(version)}`;
  if (kind === 'read')
    return version === course.newest
      ? `read at the destination:${versionText(version)}`
      : `read at the destination:${versionText(version)}, but v${course.newest} was written last`;
  if (!course.isOrdered) return `sent${versionText(version)}, round ${course.round}`;
  return `sent${versionText(version)}, after the switchover${isDropped ? ': dropped, the guest has a copy there' : ''}`;
};

/** Neighbours that say the same of later versions become one entry. */
const isRepeated = (event: PageEvent, next: PageEvent | Moment | undefined): boolean =>
  event.kind === 'dirtied' && next !== undefined && isOfPage(next) && next.kind === 'dirtied';

/** @param isComplete whether the migration came to its end */
const pageEntries = (
  log: PageLog,
  page: number,
  { startMs, endMs, isComplete }: { startMs: number; endMs: number; isComplete: boolean },
): TimelineEntry[] => {
  const own = log.events.filter((event) => !isOfPage(event) || event.page === page);
  const course: Course = { round: 1, newest: log.firstVersions[page] ?? 0, there: null, isOrdered: false };
  const entries: TimelineEntry[] = [];
  const add = (atMs: number, says: string): void => {
    entries.push({ atMs: atMs - startMs, says, line: null });
  };
  let repeated = 0;
  for (const [index, event] of own.entries()) {
    if (!isOfPage(event)) {
      // The last round ends after the switchover, where there are none.
      if (event.kind !== 'round' || !course.isOrdered) add(event.atMs, momentText(event, course));
      if (event.kind === 'round') course.round++;
      course.isOrdered ||= event.kind === 'ordered';
      continue;
    }
    if (event.kind === 'dirtied') course.newest = event.version ?? course.newest;
    if (event.kind === 'arrived') course.there = event.version;
    repeated++;
    if (isRepeated(event, own[index + 1])) continue;
    const arrives = own.slice(index + 1).some(({ kind }) => kind === 'arrived');
    const times = event.kind === 'dirtied' && repeated > 1 ? `, the last of ${repeated} times` : '';
    add(event.atMs, `${pageText(event, course, isComplete && !arrives)}${times}`);
    repeated = 0;
  }
  const isRead = own.some(({ kind }) => kind === 'read');
  const isStale = isComplete && !isRead && course.there !== null && course.there !== course.newest;
  if (isStale)
    add(endMs, `in the end: v${course.there} at the destination, and v${course.newest} was written last`);
  return entries;
};

const callText = ({ name, mode, endedAtMs, failure, isAwaited }: Call): string => {
  const end = failure !== null ? ', which fails' : endedAtMs === null ? ', under way at the end' : '';
  return `session.${name}(${mode === null ? '' : `'${mode}'`})${isAwaited ? '' : ', not awaited'}${end}`;
};

/** Of very many calls, not all are kept. */
const timesText = (times: number): string =>
  times === 1 ? '' : times <= callsCounted ? `, ${times} times` : ', again and again';

/** The last calls; those that repeat the one before are counted. */
const callEntries = (calls: readonly Call[], startMs: number): TimelineEntry[] => {
  const entries: (TimelineEntry & { times: number })[] = [];
  for (const call of calls) {
    const [says, line] = [callText(call), call.place?.line ?? null];
    const last = entries.at(-1);
    if (last?.says === says && last.line === line) last.times++;
    else entries.push({ atMs: call.beganAtMs - startMs, says, line, times: 1 });
  }
  return entries
    .slice(-callsShown)
    .map(({ times, says, ...entry }) => ({ ...entry, says: `${says}${timesText(times)}` }));
};

/** What becomes of a page in the end. */
const endEntry = ({ migration, endedAtMs }: Observed, startMs: number): TimelineEntry => {
  const error = migration?.source.error ?? migration?.destination.error ?? null;
  const says =
    migration === null
      ? 'no end'
      : error === null
        ? 'the migration completes'
        : `the migration fails: ${error.code}`;
  return { atMs: endedAtMs - startMs, says, line: null };
};

/** The first page whose newest version the destination did not get, or did not show its guest; null = there is none. */
const differingPage = ({ events, firstVersions, pageCount }: PageLog): number | null => {
  const newest = [...firstVersions];
  const there = new Map<number, number | null>();
  const read = new Map<number, number | null>();
  for (const event of events) {
    if (!isOfPage(event) || event.page >= pageCount) continue;
    const { kind, page, version } = event;
    if (kind === 'dirtied' && version !== null) newest[page] = version;
    if (kind === 'arrived' && !read.has(page)) there.set(page, version);
    if (kind === 'discarded') there.delete(page);
    if (kind === 'read') read.set(page, version);
  }
  const found = newest.findIndex((version, page) => (read.get(page) ?? there.get(page)) !== version);
  return found === -1 ? null : found;
};

const shortened = (entries: readonly TimelineEntry[]): Pick<Timeline, 'entries' | 'leftOut'> => {
  if (entries.length <= entriesMax) return { entries, leftOut: 0 };
  return {
    entries: [...entries.slice(0, headEntries), ...entries.slice(headEntries - entriesMax)],
    leftOut: entries.length - entriesMax,
  };
};

/** What happened to the page that shows what is wrong, or else what the strategy called last. */
export const timelineOf = (
  observed: Observed,
  { calls, pages }: Detail,
  diagnosis: Diagnosis | null,
): Timeline => {
  const startMs = observed.startedAtMs;
  const page = diagnosis === null ? differingPage(pages) : diagnosis.page;
  const isComplete = observed.migration?.source.error === null;
  const entries =
    page === null
      ? callEntries(calls, startMs)
      : pageEntries(pages, page, { startMs, endMs: observed.endedAtMs, isComplete });
  const all = [...entries, endEntry(observed, startMs)].toSorted((a, b) => a.atMs - b.atMs);
  return { page, ...shortened(all) };
};
