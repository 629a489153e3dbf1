/** Strategies by name and their limits, as scenarios set them and the source agent runs them. */

export const strategyNames = ['stop-and-copy', 'pre-copy', 'post-copy', 'hybrid'] as const;
export type StrategyName = (typeof strategyNames)[number];

/** Deliberately broken strategies: the oracles' negative controls. Never offered to users. */
export const negativeControlNames = [
  'broken-drops-page',
  'broken-sends-stale',
  'broken-resumes-early',
] as const;
export type NegativeControlName = (typeof negativeControlNames)[number];

export interface Limits {
  /** QEMU `downtime-limit` in ms: switch over when what is pending fits into it. */
  downtimeLimitMs: number;
  /** Which rule ends pre-copy: QEMU's (downtime limit) or Xen's (rounds, pages, 3 × RAM). */
  convergence: 'qemu' | 'xen';
  /** Bound on pre-copy rounds: beyond it a QEMU-rule pre-copy fails, as it can't converge. */
  maxRounds: number;
  /** Bound on pre-copy time in ms, likewise. */
  maxPrecopyMs: number;
  /** Pre-copy rounds of `hybrid` before it switches over to post-copy. */
  hybridRounds: number;
  /** Bulk push of post-copy starts this long after the switchover, in ms; for fault-latency benchmarks. */
  postcopyPushDelayMs: number;
}

export const defaultLimits: Limits = {
  downtimeLimitMs: 300,
  convergence: 'qemu',
  maxRounds: 100,
  maxPrecopyMs: 120_000,
  hybridRounds: 1,
  postcopyPushDelayMs: 0,
};

/** How the pages travel. */
export interface TransferConfig {
  /** Bulk page streams, each a connection of its own (QEMU `multifd-channels`). */
  channels: number;
  /** Bytes sent but not yet confirmed, at most, while throughput is all that counts. */
  bulkWindowBytes: number;
  /** The same once demand faults share the link: barely a BDP, so that no queue stands at the bottleneck. */
  postcopyWindowBytes: number;
}

/** QEMU's MigrationStatus, as far as a livemig migration can reach it. */
export const migrationStatuses = [
  'none',
  'setup',
  'active',
  'pre-switchover',
  'device',
  'postcopy-active',
  'completed',
  'failed',
  'cancelling',
  'cancelled',
] as const;
export type MigrationStatus = (typeof migrationStatuses)[number];
