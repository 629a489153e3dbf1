/**
 * How the source answers demand faults.
 *
 *   preempt    QEMU's postcopy-preempt: the page travels on a dedicated connection
 *   in-stream  QEMU without it: the page goes next on the bulk stream, after what is in flight
 *   blocking   one ordinary batch from the faulted page on, in-stream, and the push stalls until the destination
 *              has confirmed it: single-threaded sources
 */
export const faultModes = ['preempt', 'in-stream', 'blocking'] as const;
export type FaultMode = (typeof faultModes)[number];

/** Transfer settings that capabilities imply. */
export interface TransferSettings {
  /** Bulk page streams, each with its own connection. */
  channels: number;
  faults: FaultMode;
  /** Whether only the number of a zero page is sent. */
  zeroPages: boolean;
  /** How long the migration waits in pre-switchover, in ms; 0 = not at all. */
  continueMaxMs: number;
  /** Whether pre-copy may be switched to post-copy while it runs. */
  mayStartPostcopy: boolean;
  /** Whether the connections use mutual TLS. */
  isEncrypted: boolean;
  /** The capability that encodes even whole pages itself, so that a compressor sees none; null = none. */
  wholePagesBy: string | null;
}

export const plainTransfer: TransferSettings = {
  channels: 1,
  faults: 'in-stream',
  zeroPages: false,
  continueMaxMs: 0,
  mayStartPostcopy: false,
  isEncrypted: false,
  wholePagesBy: null,
};
