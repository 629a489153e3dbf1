import type { EncodedPages, OutgoingBatch } from '../../proto/bulk.ts';
import type { CapabilityValue } from '../../proto/capabilities.ts';
import type { TransferPhase } from '../../proto/events.ts';
import type { GuestMemory } from '../guest/memory.ts';
import type { PageSet } from '../guest/page-set.ts';

/** A way for pages to travel other than whole: the source's side. */
export interface PageEncoder {
  /**
   * Looks at the next page of the batch in the making.
   * @returns the bytes that it adds to the batch; 0 = the destination has the page as it is, it needn't travel;
   *   null = not for this encoder, the next one may take it, and at last it travels whole.
   */
  take(page: number): number | null;
  /** What was taken since the last call; null = nothing. */
  flush(): Encoded | null;
  /** Both ends count along: nothing that overtakes the stream is for it. */
  readonly isOrdered?: boolean;
  /** The page travelled another way: what is known of the destination's copy is void. */
  forget?(page: number): void;
}

/** Encoded pages, and how many of them are no shorter than a page: QEMU counts these as `normal`. */
export type Encoded = EncodedPages & { wholePages: number };

/** In which order pages are sent. */
export interface PageOrder {
  /**
   * The page of `pages`, which isn't empty, that goes next.
   * @param from where the strategy would go on: behind the last page, or at the newest fault.
   */
  next(pages: PageSet, from: number): number;
  /** A demand fault has come; its page is answered beside the push. */
  faulted?(page: number): void;
  /** Pages of the next batch, at most. */
  readonly batchPagesMax?: number;
}

/** Makes batches shorter on their way out. */
export interface Compressor {
  /** The same pages; those that travelled whole may be encoded now. */
  compress(batch: OutgoingBatch): Promise<OutgoingBatch>;
}

/** A way for pages to travel other than whole: the destination's side. */
export interface PageDecoder {
  /**
   * Checks the pages' data before any of them is touched.
   * @returns what puts the nth page into guest memory.
   * @throws LivemigError PROTOCOL_VIOLATION
   */
  open(encoded: EncodedPages): (index: number) => void;
}

/** What a capability sees of the migration at the source. */
export interface SourceContext {
  memory: GuestMemory;
  /** Bytes of page messages that the destination has confirmed. */
  confirmedBytes: () => number;
  /** Take this share of their time from the guest's vCPUs, in percent; 0 = none (QEMU's cpu_throttle_set). */
  throttle: (percent: number) => void;
  /** What that has taken so far, in ms, summed over vCPUs. */
  throttledMs: () => number;
}

/** A bitmap sync: a round begins. */
export interface Sync {
  /** Since the last one; at the first one every page. */
  dirtied: PageSet;
  pageSizeBytes: number;
  /** Bytes of page messages until now. */
  transferredBytes: number;
  nowMs: number;
}

/** What a capability does at the source. Everything is optional: it takes part where it has something to do. */
export interface AtSource {
  encoder?: PageEncoder;
  compressor?: Compressor;
  /** While the guest runs at the source, and stands still. */
  precopyOrder?: PageOrder;
  /** While it runs at the destination. */
  postcopyOrder?: PageOrder;
  synced?(sync: Sync): void;
  entered?(phase: TransferPhase): void;
  /** Messages were lost on the way: nothing is known any more of what the destination holds. */
  recovered?(): void;
  /** Under QEMU's names, where QEMU has them. */
  statistics?(): Readonly<Record<string, number>>;
}

/** What a capability does at the destination. */
export interface AtDestination {
  decoder?: PageDecoder;
}

/** A capability is made anew for every migration, on each side. */
export interface Capability {
  atSource?(context: SourceContext, value: CapabilityValue): AtSource;
  atDestination?(memory: GuestMemory, value: CapabilityValue): AtDestination;
}
