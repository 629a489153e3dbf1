/** What an emulated link is; netem-profiles/ holds one file each. */

/** One direction of a link. */
export interface LinkDirection {
  /** Bottleneck rate in Mb/s, counted as tc counts it: IP packet plus 14 bytes of Ethernet header. */
  rateMbps: number;
  /** One-way propagation delay in ms. */
  delayMs: number;
  /** Standard deviation of the delay in ms (normal distribution, order kept). */
  jitterMs: number;
  /** Independent random loss in percent of packets. */
  lossPercent: number;
  /** Bottleneck buffer in ms of the rate: what it holds before it drops. */
  bufferMs: number;
}

/** Maximum duration of a cut. */
export const cutMaxMs = 10 * 60_000;

/** Maximum characters of a profile's name and of its description. */
export const profileNameMax = 128;
export const profileDescriptionMax = 4096;

export interface LinkProfile {
  name: string;
  description: string;
  sourceToDestination: LinkDirection;
  destinationToSource: LinkDirection;
}

/** Those of a router's kernel. */
export const kernelBackendNames = ['netem', 'nfqueue'] as const;
export type KernelBackendName = (typeof kernelBackendNames)[number];
/** And the model of a link, which only hosts in virtual time have. */
export const backendNames = [...kernelBackendNames, 'virtual-time'] as const;
export type BackendName = (typeof backendNames)[number];

/** Round-trip propagation time of a profile in ms. */
export const rttMsOf = (profile: LinkProfile): number =>
  profile.sourceToDestination.delayMs + profile.destinationToSource.delayMs;

/** The part of round trips on which neither direction loses the packet. */
export const returningShareOf = ({
  sourceToDestination: out,
  destinationToSource: back,
}: LinkProfile): number => (1 - out.lossPercent / 100) * (1 - back.lossPercent / 100);

/** What the kernel reports after the link was set up: proof that it was applied. */
export interface AppliedLink {
  backend: BackendName;
  profile: string;
  /** Per direction, the qdisc set-up read back from the kernel, as tc prints it. */
  readBack: { sourceToDestination: string; destinationToSource: string };
}

/** Counters of one direction of the router since it was set up. */
export interface DirectionCounters {
  /** Bytes on the wire with every segment's TCP/IP and 14-byte Ethernet header (qdisc accounting, GSO split). */
  bytes: number;
  packets: number;
  dropped: number;
}

export interface LinkCounters {
  sourceToDestination: DirectionCounters;
  destinationToSource: DirectionCounters;
}
