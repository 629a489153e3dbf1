import type { TransferPhase } from '#proto/events';
import type { TransferConfig } from '#proto/strategy';

type Windows = Pick<TransferConfig, 'bulkWindowBytes' | 'roundEndWindowBytes' | 'postcopyWindowBytes'>;

/**
 * Bytes that may be sent but not yet confirmed.
 * @param leftBytes of the round, still to be sent: towards its end the window narrows to the size meant for that.
 */
export const windowBytes = (
  { bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes }: Windows,
  phase: TransferPhase,
  leftBytes: number,
): number =>
  phase === 'postcopy'
    ? postcopyWindowBytes
    : Math.max(roundEndWindowBytes, Math.min(bulkWindowBytes, leftBytes));
