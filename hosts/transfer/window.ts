import type { TransferPhase } from '../../proto/events.ts';
import type { TransferConfig } from '../../proto/strategy.ts';

type Windows = Pick<TransferConfig, 'bulkWindowBytes' | 'roundEndWindowBytes' | 'postcopyWindowBytes'>;

/**
 * Bytes that may be sent but not yet confirmed.
 * @param leftBytes of the round, still to be sent: as it ends, the window closes to what its end is to have.
 */
export const windowBytes = (
  { bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes }: Windows,
  phase: TransferPhase,
  leftBytes: number,
): number =>
  phase === 'postcopy'
    ? postcopyWindowBytes
    : Math.max(roundEndWindowBytes, Math.min(bulkWindowBytes, leftBytes));
