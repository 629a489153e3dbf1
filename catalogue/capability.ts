import type { EncodedPages, OutgoingBatch } from '#proto/bulk';
import type { CapabilityValue } from '#proto/capabilities';
import type { TransferPhase } from '#proto/events';
import type { MigrationClock } from '#hosts/clock';
import type { GuestMemory } from '#hosts/guest/memory';
import type { PageSet } from '#hosts/guest/page-set';
import type { StrategyTraits } from '#hosts/ports';
import type { Limits } from './limits.ts';
import type { Definition } from './room.ts';
import type { TransferSettings } from './transfer.ts';

/** Encodes pages: the source's side. */
export interface PageEncoder {
  /**
   * Takes the next page of the current batch.
   * @returns the bytes that it adds to the batch; 0 = the destination already has the page as it is;
   *   null = declined: the next encoder may take it; if none does, it is sent whole.
   */
  take(page: number): number | null;
  /** The pages taken since the last call; null = none. */
  flush(): Encoded | null;
  /** Both ends keep state in stream order, so it must not take pages that overtake the stream. */
  readonly isOrdered?: boolean;
  /** The page was sent another way: anything known about the destination's copy is void. */
  forget?(page: number): void;
}

/** Encoded pages, and how many of them are no shorter than a page, which QEMU counts as `normal`. */
export type Encoded = EncodedPages & { wholePages: number };

/** The order in which pages are sent. */
export interface PageOrder {
  /**
   * The next page of `pages`, which isn't empty.
   * @param from where the strategy would continue: after the last page, or at the newest fault.
   */
  next(pages: PageSet, from: number): number;
  /** A demand fault has arrived; its page is answered outside the push. */
  faulted?(page: number): void;
  /** Maximum pages of the next batch. */
  readonly batchPagesMax?: number;
}

/** Compresses outgoing batches. */
export interface Compressor {
  /** The same pages, of which whole ones may now be encoded. */
  compress(batch: OutgoingBatch): Promise<OutgoingBatch>;
}

/** Decodes pages: the destination's side. */
export interface PageDecoder {
  /**
   * Checks the data of all pages before any is written.
   * @returns a function that writes the nth page into guest memory.
   * @throws LivemigError PROTOCOL_VIOLATION
   */
  open(encoded: EncodedPages): (index: number) => void;
}

/** What a capability sees of the migration at the source. */
export interface SourceContext {
  memory: GuestMemory;
  /** Of all regions; sets of pages are that large. */
  blockCount: number;
  clock: MigrationClock;
  /** Bytes of page messages that the destination has confirmed. */
  confirmedBytes: () => number;
  /** Throttles the guest's vCPUs by this percentage; 0 = not at all (QEMU's cpu_throttle_set). */
  throttle: (percent: number) => void;
  /** Time taken by throttling so far, in ms, summed over vCPUs. */
  throttledMs: () => number;
}

/** A bitmap sync: a round begins. */
export interface Sync {
  /** Pages dirtied since the last sync; at the first one every page. */
  dirtied: PageSet;
  dirtiedBytes: number;
  /** Bytes of page messages so far. */
  transferredBytes: number;
  nowMs: number;
}

/** What a capability does at the source. All hooks are optional. */
export interface AtSource {
  encoder?: PageEncoder;
  compressor?: Compressor;
  /** While the guest runs at the source or is paused. */
  precopyOrder?: PageOrder;
  /** While it runs at the destination. */
  postcopyOrder?: PageOrder;
  synced?(sync: Sync): void;
  entered?(phase: TransferPhase): void;
  /** Messages were lost: what the destination holds is no longer known. */
  recovered?(): void;
  /** Under QEMU's names, if any. */
  statistics?(): Readonly<Record<string, number>>;
}

/** What a capability does at the destination. */
export interface AtDestination {
  decoder?: PageDecoder;
}

/** The values of `--cap NAME=VALUE`. */
export interface CapabilityValues {
  /** Its meaning, with unit. */
  meaning: string;
  /** A whole number in this range … */
  least?: number;
  most?: number;
  /** … or one of these words. */
  words?: readonly string[];
  /** Without `=`. */
  whenBare: CapabilityValue;
}

/** vCPU time that a capability took from the guest. */
export interface TakenFromGuest {
  vcpuTimeMs: number;
  /** Text after `of vCPU time NAME took from the guest`; '' = none. */
  detail: string;
}

/**
 * The migration that a capability takes part in. It sees other capabilities only through the transfer settings.
 */
export interface CapabilityUse {
  strategy: string;
  traits: StrategyTraits;
  limits: Limits;
  /** The transfer settings that the capabilities imply. */
  settings: TransferSettings;
}

/**
 * A switch of the migration, under QEMU's name, if any. Its parts at either side are created for each migration.
 */
export interface CapabilityDefinition extends Definition {
  values?: CapabilityValues;
  /** On by default. */
  isOnByDefault?: true;
  /** Encodings are tried in the order of these numbers; a capability without one has no encoding. */
  encodingOrder?: number;
  /** The transfer settings that it implies when it is on. */
  sets?: (value: CapabilityValue) => Partial<TransferSettings>;
  /** The handshake has a separate field for it, or it doesn't concern the destination. */
  isOutOfAgreement?: true;
  /** It applies only if a page may be sent a second time before the switchover. */
  needsRounds?: true;
  /** Other reasons why it doesn't apply, or can't be disabled if it is on by default; nothing = it does. */
  refuses?: (use: CapabilityUse) => string | readonly string[] | undefined;
  /** What it took from the guest, from its statistics; shown for every run. Null = nothing. */
  takenFromGuest?: (statistics: Readonly<Record<string, number>>) => TakenFromGuest | null;
  atSource?(context: SourceContext, value: CapabilityValue): AtSource;
  atDestination?(memory: GuestMemory, value: CapabilityValue): AtDestination;
}

export const defineCapability = (definition: CapabilityDefinition): CapabilityDefinition => definition;

/** Why a capability doesn't apply to a migration; none = it does. */
export const refusalsOf = (
  { needsRounds, refuses }: CapabilityDefinition,
  use: CapabilityUse,
): readonly string[] => {
  const rounds = needsRounds === true ? (use.traits.rounds?.(use.limits) ?? true) : true;
  return [rounds === true ? [] : rounds, refuses?.(use) ?? []].flat();
};
