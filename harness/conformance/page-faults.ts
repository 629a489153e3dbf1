import type { ResumeMode } from './ear.ts';
import type { Logged, PageEvent, PageLog } from './page-log.ts';
import { isOfPage } from './page-log.ts';

/**
 * What a strategy did wrong with a page, by what it knew and did before the order to resume the guest, and after it. What
 * comes first explains what comes after it.
 */
const pageFaults = [
  'disk-left-out',
  'forgotten-discard',
  'missing-last-sync',
  'early-switchover',
  'pages-left-out',
  'sent-twice',
] as const;

export type PageFault = (typeof pageFaults)[number];

export interface FaultyPages {
  fault: PageFault;
  /** Those first that the destination has not got, or has older. */
  pages: readonly number[];
}

/** What happened to a page, each with its place among all that happened. */
interface History {
  events: { at: number; event: PageEvent }[];
  firstVersion: number;
}

const last = (
  { events }: History,
  kind: PageEvent['kind'],
  holds: (at: number) => boolean,
): { at: number; event: PageEvent } | undefined =>
  events.findLast(({ at, event }) => event.kind === kind && holds(at));

interface Found {
  fault: PageFault;
  /** It takes time, and loses nothing. */
  isHarmless: boolean;
}

const harmful = (fault: PageFault): Found => ({ fault, isHarmless: false });
const harmless = (fault: PageFault): Found => ({ fault, isHarmless: true });

/** @param orderAt the place of the order to resume */
const faultOfPage = (history: History, orderAt: number, mode: ResumeMode): Found | null => {
  const isBefore = (at: number): boolean => at < orderAt;
  const dirtied = last(history, 'dirtied', isBefore);
  const found = last(history, 'found', isBefore);
  const sent = last(history, 'sent', isBefore);
  const discarded = last(history, 'discarded', isBefore);
  const isSentAfter = last(history, 'sent', (at) => at > orderAt) !== undefined;
  const isDiscarded = discarded !== undefined && discarded.at > (sent?.at ?? -1);
  const isHeld = sent !== undefined && !isDiscarded;
  const isFoundSince = found !== undefined && found.at > (sent?.at ?? -1);
  const isNewest = isHeld && sent.event.version === (dirtied?.event.version ?? history.firstVersion);
  if (isNewest && !(isSentAfter && mode === 'postcopy')) return null;
  // A page that was written while it was being sent: it is up to date, which the strategy can't know.
  if (isNewest) return harmless(isFoundSince ? 'forgotten-discard' : 'sent-twice');
  if (found === undefined || found.at < (dirtied?.at ?? -1))
    return isDiscarded ? null : harmful('missing-last-sync');
  if (mode === 'complete') return isDiscarded ? null : harmful('early-switchover');
  if (isHeld) return harmful('forgotten-discard');
  // If it was discarded although it was up to date, it isn't one that was left out.
  return isSentAfter || (isDiscarded && !isFoundSince) ? null : harmful('pages-left-out');
};

/** Of a block of a disk: its versions aren't known, and it has to be there before the guest runs. */
const faultOfBlock = (history: History, orderAt: number): Found | null => {
  const found = last(history, 'found', (at) => at < orderAt);
  const sent = last(history, 'sent', (at) => at < orderAt);
  return found !== undefined && (sent === undefined || sent.at < found.at) ? harmful('disk-left-out') : null;
};

const historiesOf = ({ events, firstVersions }: PageLog): Map<number, History> => {
  const histories = new Map<number, History>();
  for (let page = 0; page < firstVersions.length; page++)
    histories.set(page, { events: [], firstVersion: firstVersions[page] ?? 0 });
  for (const [at, event] of events.entries()) {
    if (!isOfPage(event)) continue;
    const history = histories.get(event.page) ?? { events: [], firstVersion: 0 };
    histories.set(event.page, history);
    history.events.push({ at, event });
  }
  return histories;
};

const orderOf = (events: readonly Logged[]): { at: number; mode: ResumeMode } | null => {
  for (const [at, event] of events.entries())
    if (event.kind === 'ordered' && event.mode !== undefined) return { at, mode: event.mode };
  return null;
};

/**
 * What a strategy did wrong with which pages. Empty if the guest was never resumed at the destination: then there is
 * nothing yet that a page could be missing for.
 */
export const pageFaultsOf = (log: PageLog): FaultyPages[] => {
  const order = orderOf(log.events);
  if (order === null || log.isFull) return [];
  const found = [...historiesOf(log)].flatMap(([page, history]) => {
    const isMemory = page < log.pageCount;
    const fault = isMemory ? faultOfPage(history, order.at, order.mode) : faultOfBlock(history, order.at);
    return fault === null ? [] : [{ page, ...fault }];
  });
  const sorted = found.toSorted((a, b) => Number(a.isHarmless) - Number(b.isHarmless) || a.page - b.page);
  return pageFaults.flatMap((fault) => {
    const pages = sorted.filter((each) => each.fault === fault).map(({ page }) => page);
    return pages.length === 0 ? [] : [{ fault, pages }];
  });
};
