/** A migration's strategy, transfer and status, as the source agent runs it. */
import type { TransferSettings } from '#catalogue/transfer';

/** A custom strategy: the path of a file whose default export is one. */
export type StrategyFile = `${string}.ts` | `${string}.js` | `${string}.mjs`;

/** Maximum length of a strategy file, which is sent in one message; typical files are a hundredth of that. */
export const strategyTextMaxBytes = 512 << 10;

export const isStrategyFile = (strategy: string): strategy is StrategyFile => /\.(ts|js|mjs)$/.test(strategy);

/** Transfer settings that don't depend on the link. */
export interface TransferSwitches extends Pick<TransferSettings, 'channels' | 'faults'> {
  /**
   * Whether the source tracks dirty pages. Without tracking, hybrid can't tell which sent pages are stale: all are
   * discarded at the switchover and resent.
   */
  dirtyBitmap: boolean;
}

/** Transfer settings that depend on the measured link. */
export interface TransferConfig extends TransferSwitches {
  /** Maximum unconfirmed bytes while only throughput counts. */
  bulkWindowBytes: number;
  /** Likewise when no more than this is left of a round, so that what follows doesn't wait long. */
  roundEndWindowBytes: number;
  /**
   * Likewise in post-copy. If demand faults have their own connection: barely a BDP, so that no queue of bulk pages at
   * the bottleneck delays them.
   */
  postcopyWindowBytes: number;
  /** Bytes of pages in one message of post-copy's push. */
  postcopyMessageBytes: number;
  /** Minimum bytes of pages in a message, if available: shorter messages cost more than they are worth. */
  leastMessageBytes: number;
  /** Bytes of device state, or of padding before it, in one message. */
  orderBytes: number;
}

/** What of it follows from the link, and changes with it. */
export type TransferSizes = Omit<TransferConfig, keyof TransferSwitches>;

/** The statuses of QEMU's MigrationStatus that a livemig migration can reach. */
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

/**
 * What a migration can be told while its guest runs at the source:
 *
 *   force     stop the guest and complete, whatever the downtime
 *   postcopy  resume it at the destination, and send the rest after it (QEMU's migrate-start-postcopy)
 */
export const switchoverOrders = ['force', 'postcopy'] as const;
export type SwitchoverOrder = (typeof switchoverOrders)[number];

/** Final statuses. */
export const finalStatuses: readonly MigrationStatus[] = ['completed', 'failed', 'cancelled'];
