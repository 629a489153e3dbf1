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
  guest: {
    host: 'source' | 'destination';
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
  guest: null,
};

type GuestProgress = NonNullable<Progress['guest']>;

const foldGuest = (
  before: Progress['guest'],
  event: Pick<GuestProgress, 'host' | 'atMs' | 'operations'>,
): GuestProgress => {
  // Operations count from the boot on a host: across the handover there is no difference to take.
  const sameHost = before?.host === event.host;
  const elapsedMs = sameHost ? event.atMs - before.atMs : 0;
  return {
    host: event.host,
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
    case 'guest':
      return { ...progress, guest: foldGuest(before.guest, event) };
  }
};
