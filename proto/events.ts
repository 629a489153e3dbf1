import type { GuestSample } from './guest.ts';
import type { AdjustableLimits } from '#catalogue/limits';
import type { MessageName } from './migration-phases.ts';
import type { MigrationStatus, SwitchoverOrder } from './strategy.ts';

/**
 * Agents' events. Progress, measurement and store all read this one stream.
 * `atMs` is CLOCK_MONOTONIC in milliseconds.
 */
export type AgentEvent =
  | StatusEvent
  | ParametersEvent
  | SwitchoverEvent
  | RefusedEvent
  | RoundEvent
  | ProgressEvent
  | GuestEvent
  | CutEvent
  | CutEndedEvent
  | MessagesEvent
  | FaultsEvent;

export interface StatusEvent {
  type: 'status';
  atMs: number;
  status: MigrationStatus;
}

/** The migration's limits have changed. */
export interface ParametersEvent {
  type: 'parameters';
  atMs: number;
  changed: Partial<AdjustableLimits>;
}

/** The switchover was ordered, and the strategy has no part in the migration any more. */
export interface SwitchoverEvent {
  type: 'switchover';
  atMs: number;
  order: SwitchoverOrder;
}

/**
 * The source rejected a client that isn't the migration's destination. If there are many, not all are reported.
 */
export interface RefusedEvent {
  type: 'refused';
  atMs: number;
  reason: string;
  /** Number so far, including this one. */
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
   * Pages dirtied during the round, found by the bitmap sync at its end; 0 once the guest has left the source, which no
   * longer sees writes.
   */
  pagesDirtied: number;
  dirtyPagesPerSecond: number;
  /** Rate of bytes that the destination confirmed within the round. */
  throughputMbps: number;
}

export interface ProgressEvent {
  type: 'progress';
  atMs: number;
  /** Bytes of page messages sent so far. */
  transferredBytes: number;
  /**
   * Bytes of pages known to be left: found dirty by the last bitmap sync and not sent since (QEMU's `ram.remaining`).
   * Excludes pages dirtied since the sync.
   */
  remainingBytes: number;
  /** Over the last interval. */
  throughputMbps: number;
}

export interface GuestEvent extends GuestSample {
  type: 'guest';
  host: 'source' | 'destination';
  /** Whether the guest runs on this host. Both hosts report: the other one has an empty shell, or the remains. */
  running: boolean;
}

/** The link between source and destination is cut (`livemig cut`). */
export interface CutEvent {
  type: 'cut';
  atMs: number;
  /** Planned duration; it may end sooner. */
  plannedMs: number;
}

/** The link is restored. */
export interface CutEndedEvent {
  type: 'cut-ended';
  atMs: number;
  /** When it was cut. */
  startedAtMs: number;
}

/** Which way a message went, as the end that tells of it sees it. */
export const messageWays = ['sent', 'received'] as const;
export type MessageWay = (typeof messageWays)[number];

/** Each end tells of this many messages, or spans of them, by name and way. An even number: two spans become one. */
export const messagesPerNameMax = 128;

/** One message of the migration protocol, or in bulk those of one name in a span of time. */
export interface ToldMessages {
  name: MessageName;
  way: MessageWay;
  /** When the first and the last of them were given to the wire, or came from it. */
  firstAtMs: number;
  lastAtMs: number;
  count: number;
  /** What they carried of pages (as sent: a run of zero pages is 0), device state and padding. */
  bytes: number;
}

/** What one end of a migration has sent and received, those of rejected clients included; told when it has ended there. */
export interface MessagesEvent {
  type: 'messages';
  atMs: number;
  host: 'source' | 'destination';
  /** In the order of their first moments. */
  messages: ToldMessages[];
  /** Messages beyond `messagesPerNameMax`. Those in bulk are all told: as they grow more, their spans become longer. */
  leftOut: number;
}

/** So many demand faults are told of one by one. */
export const faultsToldMax = 2000;

/** A vCPU at the destination met a missing page. */
export interface DemandFault {
  requestedAtMs: number;
  /** When the vCPU ran on. */
  answeredAtMs: number;
  page: number;
  vcpu: number;
}

/** The destination's first demand faults, told when the migration has ended there; none = no event. */
export interface FaultsEvent {
  type: 'faults';
  atMs: number;
  /** In the order in which they began. */
  faults: DemandFault[];
  /** Later ones, which only the report counts. */
  leftOut: number;
}

/** Pages are accounted to the phase in which they were sent. */
export const transferPhases = ['precopy', 'downtime', 'postcopy'] as const;
export type TransferPhase = (typeof transferPhases)[number];
