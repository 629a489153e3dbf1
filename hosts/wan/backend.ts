import type { ApplyLinkArguments } from '#proto/control';
import type { AppliedLink, KernelBackendName, LinkCounters, LinkProfile } from '#proto/link';

/** The router's interfaces by name. In Docker, source and observer sit on one network and share one. */
export interface RouterInterfaces {
  towardsSource: string;
  towardsDestination: string;
  towardsObserver: string;
}

export interface Support {
  supported: boolean;
  reason: string;
}

/** By direction, the device whose TBF is its bottleneck. */
export interface Bottlenecks {
  sourceToDestination: string;
  destinationToSource: string;
}

/**
 * `delayCorrectionMs` is taken off each direction's delay: the backend's own constant overhead per direction. `seed` is of
 * what comes by chance, where the backend draws it itself.
 */
export type HowToApply = Pick<ApplyLinkArguments, 'delayCorrectionMs' | 'seed' | 'isLive' | 'mayHitPackets'>;

/**
 * Emulates a link in the router, both directions: what comes from the source's side and leaves towards the
 * destination is `sourceToDestination`, and the other way round.
 */
export interface LinkBackend {
  readonly name: KernelBackendName;
  /** Actually tries it, in a throwaway namespace if needed. Never throws. */
  probe(): Promise<Support>;
  /**
   * Shape both directions, replacing any earlier profile, and read the result back.
   * @throws LivemigError LINK_NOT_APPLIED, also where a link in use can't be changed without losing what is on it;
   *   UNSUPPORTED where the backend can't do something of the profile, by name
   */
  apply(profile: LinkProfile, interfaces: RouterInterfaces, how: HowToApply): Promise<AppliedLink>;
  counters(): Promise<LinkCounters>;
  /** Where the link is shaped. @throws LivemigError LINK_NOT_APPLIED while there is none. */
  bottlenecks(): Bottlenecks;
  /** Remove qdiscs, rules and helpers. Idempotent. */
  remove(): Promise<void>;
}
