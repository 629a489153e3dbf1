import type { GuestSample } from './guest.ts';
import type { AdjustableLimits, MigrationStatus } from './strategy.ts';

/**
 * What agents tell while they work. Progress, measurement and store all read this one stream.
 * `atMs` is CLOCK_MONOTONIC in milliseconds.
 */
export type AgentEvent =
  | StatusEvent
  | ParametersEvent
  | RefusedEvent
  | RoundEvent
  | ProgressEvent
  | GuestEvent
  | CutEvent
  | CutEndedEvent;

export interface StatusEvent {
  type: 'status';
  atMs: number;
  status: MigrationStatus;
}

/** The migration goes on with other limits. */
export interface ParametersEvent {
  type: 'parameters';
  atMs: number;
  changed: Partial<AdjustableLimits>;
}

/** Someone who isn't the migration's destination has called at the source, and was sent away. Of many not all are told. */
export interface RefusedEvent {
  type: 'refused';
  atMs: number;
  reason: string;
  /** How many have been, this one among them. */
  count: number;
}

/** A pre-copy round (or the single pass of stop-and-copy, or the push of post-copy) has ended. */
export interface RoundEvent {
  type: 'round';
  atMs: number;
  round: number;
  phase: TransferPhase;
  durationMs: number;
  pagesSent: number;
  bytesSent: number;
  /**
   * Pages dirtied while the round ran, as the bitmap sync at its end found them; 0 once the guest has left the source,
   * which sees no dirtying then.
   */
  pagesDirtied: number;
  dirtyPagesPerSecond: number;
  /** Of bytes that the destination confirmed within the round. */
  throughputMbps: number;
}

export interface ProgressEvent {
  type: 'progress';
  atMs: number;
  /** Bytes of page messages sent so far. */
  transferredBytes: number;
  /**
   * Bytes of pages still to be sent as far as is known now: found dirty by the last bitmap sync and not sent since (QEMU's
   * `ram.remaining`). What the guest has dirtied since the sync isn't in it.
   */
  remainingBytes: number;
  /** Over the last interval. */
  throughputMbps: number;
}

export interface GuestEvent extends GuestSample {
  type: 'guest';
  host: 'source' | 'destination';
  /** Whether the guest runs on this host. Both hosts tell: the other one has an empty shell, or what remained. */
  running: boolean;
}

/** Nothing passes between source and destination from now on (`livemig cut`). */
export interface CutEvent {
  type: 'cut';
  atMs: number;
  /** For so long, if nobody ends it sooner. */
  plannedMs: number;
}

/** The link is whole again. */
export interface CutEndedEvent {
  type: 'cut-ended';
  atMs: number;
  /** When it was cut. */
  startedAtMs: number;
}

/** Pages are accounted to the phase in which they were sent. */
export const transferPhases = ['precopy', 'downtime', 'postcopy'] as const;
export type TransferPhase = (typeof transferPhases)[number];
