import type { GuestMemory } from '#hosts/guest/memory';
import type { PageSet } from '#hosts/guest/page-set';
import type { Region } from '#hosts/region';
import type { RegionLens } from '#hosts/simulation/model-guest';
import { ramRegion } from '#proto/migration-bounds';
import type { ResumeMode } from './ear.ts';
import { overheard } from './overheard.ts';

/** What happens to a page, or to a block of a disk. */
export type PageEventKind = 'dirtied' | 'found' | 'sent' | 'arrived' | 'discarded' | 'read';
/** What happens to all of them. */
export type MomentKind = 'round' | 'paused' | 'ordered';

export interface PageEvent {
  kind: PageEventKind;
  atMs: number;
  /** By its number among all blocks. */
  page: number;
  /** Null = not known, as of a block of a disk. */
  version: number | null;
}

export interface Moment {
  kind: MomentKind;
  atMs: number;
  /** Of the order to resume. */
  mode?: ResumeMode;
}

export type Logged = PageEvent | Moment;

export const isOfPage = (event: Logged): event is PageEvent => 'page' in event;

/** All that happened to a guest's pages during one migration, in order. */
export interface PageLog {
  events: Logged[];
  /** Of memory; what comes after are blocks of a disk. */
  pageCount: number;
  /** Versions at the source when the migration began. */
  firstVersions: readonly number[];
  /** It is no longer complete. */
  isFull: boolean;
}

/** Some ten times what the largest trial of the suite makes. */
const eventsMax = 1_000_000;

export interface PageLogger {
  log: PageLog;
  lensAt: (host: 'source' | 'destination') => RegionLens;
  /** The migration begins; what was before doesn't matter. */
  begin: (nowMs: () => number) => void;
  all: (kind: 'found' | 'discarded', pages: PageSet) => void;
  moment: (kind: MomentKind, mode?: ResumeMode) => void;
}

const isMemory = (region: Region): region is GuestMemory => region.id === ramRegion;

/** Logs what happens to each page at either host. Costs time and memory: for small guests, and one migration. */
export const pageLogger = (): PageLogger => {
  const log: PageLog = { events: [], pageCount: 0, firstVersions: [], isFull: false };
  let nowMs: (() => number) | null = null;
  let ram: GuestMemory | null = null;
  const add = (event: (atMs: number) => Logged): void => {
    if (nowMs === null || log.isFull) return;
    log.isFull = log.events.length >= eventsMax;
    log.events.push(event(nowMs()));
  };
  const note = (kind: PageEventKind, page: number, version: number | null): void => {
    add((atMs) => ({ kind, atMs, page, version }));
  };
  const versionAt = (region: Region, page: number): number | null =>
    isMemory(region) ? region.knownVersion(page) : null;
  const atSource = <R extends Region>(region: R): R => {
    const base = isMemory(region) ? 0 : log.pageCount;
    const sent = (page: number): void => {
      note('sent', base + page, versionAt(region, page));
    };
    const travels = {
      copyTo: (_: unknown, page: number): void => {
        sent(page);
      },
      // Zeros travel without their bytes.
      isZero: (isZero: boolean, page: number): void => {
        if (isZero) sent(page);
      },
    };
    if (!isMemory(region)) return overheard<Region>(region, travels) as R;
    log.pageCount = region.pageCount;
    ram = region;
    return overheard<GuestMemory>(region, {
      ...travels,
      writeVersion: (_, page, version) => {
        note('dirtied', page, version);
      },
    }) as GuestMemory & R;
  };
  const atDestination = <R extends Region>(region: R): R => {
    if (!isMemory(region))
      return overheard<Region>(region, {
        copyFrom: (_, block) => {
          note('arrived', log.pageCount + block, null);
        },
      }) as R;
    return overheard<GuestMemory>(region, {
      copyFrom: (_, page) => {
        note('arrived', page, region.readVersion(page));
      },
      noteFirstVersion: (_, page, version) => {
        note('read', page, version);
      },
    }) as GuestMemory & R;
  };
  return {
    log,
    lensAt: (host) => (host === 'source' ? atSource : atDestination),
    begin: (clock) => {
      nowMs = clock;
      const memory = ram;
      if (memory !== null)
        log.firstVersions = Array.from({ length: memory.pageCount }, (_, page) => memory.knownVersion(page));
    },
    all: (kind, pages) => {
      for (const { first, count } of pages.runs())
        for (let page = first; page < first + count; page++) note(kind, page, null);
    },
    moment: (kind, mode) => {
      add((atMs) => (mode === undefined ? { kind, atMs } : { kind, atMs, mode }));
    },
  };
};
