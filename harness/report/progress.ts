import type { GuestEvent } from '#proto/events';
import type { MigrationStatus } from '#proto/strategy';
import type { RunEvent, RunPhase } from '../run/events.ts';

/** The progress of a run for people: its events so far, folded. */
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
  /** The link between the two hosts is cut. */
  isCut: boolean;
  /** Where it runs, or was last paused. */
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

/** Both hosts report a guest: the one that runs it counts. If neither does, it is paused where it ran last. */
const foldGuest = (before: Progress['guest'], event: GuestEvent): Progress['guest'] => {
  if (!event.running && before?.host !== event.host) return before;
  // Operations are counted per host, so there is no difference across the handover.
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
    case 'switchover':
    case 'timeline':
    case 'messages':
    case 'faults':
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
