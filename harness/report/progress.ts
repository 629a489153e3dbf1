import type { GuestEvent } from '../../proto/events.ts';
import type { MigrationStatus } from '../../proto/strategy.ts';
import type { RunEvent, RunPhase } from '../run/events.ts';

/** What a person wants to know of a run under way: the events so far, folded. */
export interface Progress {
  startedAtMs: number | null;
  phase: RunPhase | null;
  detail: string;
  status: MigrationStatus | null;
  round: number;
  throughputMbps: number | null;
  dirtyPagesPerSecond: number | null;
  transferredBytes: number;
  remainingBytes: number | null;
  /** Nothing passes between the two hosts. */
  isCut: boolean;
  /** Where it runs, or stood still last. */
  guest: {
    host: 'source' | 'destination';
    running: boolean;
    atMs: number;
    operations: number;
    operationsPerSecond: number | null;
  } | null;
}

export const noProgress: Progress = {
  startedAtMs: null,
  phase: null,
  detail: '',
  status: null,
  round: 0,
  throughputMbps: null,
  dirtyPagesPerSecond: null,
  transferredBytes: 0,
  remainingBytes: null,
  isCut: false,
  guest: null,
};

/** Both hosts tell of a guest: who runs it is believed. Where neither does, it stands still where it ran last. */
const foldGuest = (before: Progress['guest'], event: GuestEvent): Progress['guest'] => {
  if (!event.running && before?.host !== event.host) return before;
  // Operations count from the boot on a host: across the handover there is no difference to take.
  const sameHost = before?.host === event.host && before.running && event.running;
  const elapsedMs = sameHost ? event.atMs - before.atMs : 0;
  return {
    host: event.host,
    running: event.running,
    atMs: event.atMs,
    operations: event.operations,
    operationsPerSecond:
      sameHost && elapsedMs > 0 ? ((event.operations - before.operations) * 1000) / elapsedMs : null,
  };
};

/** The next progress; a pure fold, for `scan` over the run's events. */
export const foldProgress = (before: Progress, event: RunEvent): Progress => {
  const progress = { ...before, startedAtMs: before.startedAtMs ?? event.atMs };
  switch (event.type) {
    case 'phase':
      return { ...progress, phase: event.phase, detail: event.detail ?? '' };
    case 'status':
      return { ...progress, status: event.status };
    case 'refused':
    case 'parameters':
      return progress;
    case 'round':
      return {
        ...progress,
        round: event.round,
        throughputMbps: event.throughputMbps,
        dirtyPagesPerSecond: event.dirtyPagesPerSecond,
      };
    case 'progress':
      return {
        ...progress,
        transferredBytes: event.transferredBytes,
        remainingBytes: event.remainingBytes,
        throughputMbps: event.throughputMbps,
      };
    case 'cut':
      return { ...progress, isCut: true };
    case 'cut-ended':
      return { ...progress, isCut: false };
    case 'guest':
      return { ...progress, guest: foldGuest(before.guest, event) };
  }
};
