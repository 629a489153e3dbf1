/** Strategies by name and their limits, as scenarios set them and the source agent runs them. */

export const strategyNames = ['stop-and-copy', 'pre-copy', 'post-copy', 'hybrid'] as const;
export type StrategyName = (typeof strategyNames)[number];

/** A strategy of the user's own: the path of a file that exports one by default. */
export type StrategyFile = `${string}.ts` | `${string}.js` | `${string}.mjs`;

export const isStrategyFile = (strategy: string): strategy is StrategyFile => /\.(ts|js|mjs)$/.test(strategy);

/** Deliberately broken strategies: the oracles' negative controls. Never offered to users. */
export const negativeControlNames = [
  'broken-drops-page',
  'broken-sends-stale',
  'broken-resumes-early',
] as const;
export type NegativeControlName = (typeof negativeControlNames)[number];

/**
 * What ends pre-copy:
 *
 *   qemu        what is pending fits the downtime limit
 *   xen         29 rounds, 3 × RAM, or a round of less than 50 pages
 *   smart-stop  or CloudNet's: once rounds no longer shrink, at the least of a window of them
 *   stall       or KubeVirt's: once there is no progress for `stallWindowMs`, near the best that was seen
 */
export const convergenceRules = ['qemu', 'xen', 'smart-stop', 'stall'] as const;
export type ConvergenceRule = (typeof convergenceRules)[number];

export interface Limits {
  /** QEMU `downtime-limit` in ms: switch over when what is pending fits into it. */
  downtimeLimitMs: number;
  /** Which rule ends pre-copy. */
  convergence: ConvergenceRule;
  /** `stall`: without progress for so long, in ms, a migration is stalled. */
  stallWindowMs: number;
  /** Bound on pre-copy rounds by the rules qemu and smart-stop: beyond it pre-copy fails, as it can't converge. */
  maxRounds: number;
  /** Bound on pre-copy time in ms, likewise, and by the rule stall. */
  maxPrecopyMs: number;
  /** Pre-copy rounds of `hybrid` before it switches over to post-copy. */
  hybridRounds: number;
  /** Bulk push of post-copy starts this long after the switchover, in ms; for fault-latency benchmarks. */
  postcopyPushDelayMs: number;
  /**
   * QEMU `max-bandwidth` in Mb/s of page messages: what the source sends at most before the switchover, whose pages
   * aren't held back. 0 = no cap.
   */
  maxBandwidthMbps: number;
  /** QEMU `max-postcopy-bandwidth` in Mb/s: the same for post-copy's push. Demand pages count, but never wait. */
  maxPostcopyBandwidthMbps: number;
  /**
   * QEMU `avail-switchover-bandwidth` in Mb/s: what the switchover is taken to have, instead of what was measured; 0 = what
   * was measured.
   */
  availSwitchoverBandwidthMbps: number;
}

/** What may be changed while a migration runs (QEMU's migrate-set-parameters). */
export const adjustableLimits = [
  'downtimeLimitMs',
  'maxBandwidthMbps',
  'maxPostcopyBandwidthMbps',
  'availSwitchoverBandwidthMbps',
] as const satisfies (keyof Limits)[];
export type AdjustableLimits = Pick<Limits, (typeof adjustableLimits)[number]>;

export const defaultLimits: Limits = {
  downtimeLimitMs: 300,
  convergence: 'qemu',
  stallWindowMs: 40_000,
  maxRounds: 100,
  maxPrecopyMs: 120_000,
  hybridRounds: 1,
  postcopyPushDelayMs: 0,
  maxBandwidthMbps: 0,
  maxPostcopyBandwidthMbps: 0,
  availSwitchoverBandwidthMbps: 0,
};

/**
 * How the source answers demand faults.
 *
 *   preempt    QEMU's postcopy-preempt: the page travels on a connection that is kept free for it
 *   in-stream  QEMU without it: the page goes next on the bulk stream, behind what is in flight
 *   blocking   one ordinary batch from the faulted page on, in-stream, and the push stands still until the destination
 *              has confirmed it: sources of one thread
 */
export const faultModes = ['preempt', 'in-stream', 'blocking'] as const;
export type FaultMode = (typeof faultModes)[number];

/** What a scenario chooses of how the pages travel. */
export interface TransferSwitches {
  /** Bulk page streams, each a connection of its own (QEMU `multifd-channels`). */
  channels: number;
  faults: FaultMode;
  /**
   * Whether the source tracks what the guest dirties. Without it, hybrid can't tell which of the pages that it has sent
   * are stale: all are discarded at the switchover and sent again.
   */
  dirtyBitmap: boolean;
  /** Whether a page that repeats 16 bytes travels as its number and these bytes (QEMU up to 1.5 did so for one byte). */
  uniformPages: boolean;
}

export const defaultTransfer: TransferSwitches = {
  channels: 1,
  faults: 'preempt',
  dirtyBitmap: true,
  uniformPages: false,
};

/** How the pages travel over a link that has been measured. */
export interface TransferConfig extends TransferSwitches {
  /** Bytes sent but not yet confirmed, at most, while throughput is all that counts. */
  bulkWindowBytes: number;
  /** The same when no more than so much of a round is left: what comes after it then doesn't wait long. */
  roundEndWindowBytes: number;
  /**
   * The same in post-copy. Where demand faults have a connection of their own: barely a BDP, so that no queue of bulk
   * pages stands at the bottleneck in their way.
   */
  postcopyWindowBytes: number;
  /** Bytes of pages in one message of post-copy's push. */
  postcopyMessageBytes: number;
  /** A message has so many bytes of pages, if there are any: shorter ones cost more than they are worth. */
  leastMessageBytes: number;
  /** Bytes of device state, or of padding before it, in one message. */
  orderBytes: number;
}

/** QEMU's MigrationStatus, as far as a livemig migration can reach it. */
export const migrationStatuses = [
  'none',
  'setup',
  'active',
  'pre-switchover',
  'device',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'completed',
  'failed',
  'cancelling',
  'cancelled',
] as const;
export type MigrationStatus = (typeof migrationStatuses)[number];
