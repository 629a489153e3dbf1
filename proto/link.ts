/** What an emulated link is; netem-profiles/ holds one file each. */
import type { JitterDistribution } from '#catalogue/jitter-distributions';
import { defaultMtuBytes } from './frames.ts';

/** Loss in bursts: the model of Gilbert and Elliott, as netem's `loss gemodel p r 1-h 1-k` has it. */
export interface Gemodel {
  /** How often a packet finds the good state and leaves it for the bad one, in percent (netem: p). */
  pPercent: number;
  /** And back: a stay in the bad state lasts 100/rPercent packets on average (netem: r). */
  rPercent: number;
  /** Loss in the bad state, in percent of packets (netem: 1-h). */
  badLossPercent: number;
  /** Loss in the good state (netem: 1-k). */
  goodLossPercent: number;
}

/** One direction of a link; catalogue/link-parameters.ts has the ranges. What is optional is off where it is absent. */
export interface LinkDirection {
  /** Bottleneck rate in Mb/s, counted as tc counts it: IP packet plus 14 bytes of Ethernet header. */
  rateMbps: number;
  /** One-way propagation delay in ms. */
  delayMs: number;
  /** How far the delay varies, in ms; how is the distribution's. Packets keep their order. */
  jitterMs: number;
  /** Absent = normal. */
  jitterDistribution?: JitterDistribution;
  /** Independent random loss in percent of packets. */
  lossPercent: number;
  /** Instead of `lossPercent`. */
  gemodel?: Gemodel;
  /** Packets that come twice, in percent. */
  duplicatePercent?: number;
  /** Packets that don't wait out the delay, in percent: they overtake those that do. */
  reorderPercent?: number;
  /** How much each of these draws resembles the one before it, in percent. */
  reorderCorrelationPercent?: number;
  /** At least one packet less than this is delayed between two that overtake; absent = 1. */
  reorderGap?: number;
  /** Of IP packets, the same in both directions; absent = 1500. */
  mtuBytes?: number;
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

/**
 * The loss of a direction as a model of two states, fractions of 1. Independent loss never leaves the good one.
 */
export interface LossModel {
  toBad: number;
  toGood: number;
  lossInBad: number;
  lossInGood: number;
}

export const lossModelOf = ({
  lossPercent,
  gemodel,
}: Pick<LinkDirection, 'lossPercent' | 'gemodel'>): LossModel =>
  gemodel === undefined
    ? { toBad: 0, toGood: 1, lossInBad: 0, lossInGood: lossPercent / 100 }
    : {
        toBad: gemodel.pPercent / 100,
        toGood: gemodel.rPercent / 100,
        lossInBad: gemodel.badLossPercent / 100,
        lossInGood: gemodel.goodLossPercent / 100,
      };

/** The part of packets that find the model in its bad state. */
const badShareOf = ({ toBad, toGood }: LossModel): number => toBad / (toBad + toGood);

/** The part of packets that a direction loses, of 1. */
export const lossShareOf = (direction: Pick<LinkDirection, 'lossPercent' | 'gemodel'>): number => {
  const model = lossModelOf(direction);
  const bad = badShareOf(model);
  return bad * model.lossInBad + (1 - bad) * model.lossInGood;
};

/** The part of lost packets whose successor is lost as well; 0 where nothing is lost. Bursts are 1/(1 - that) long. */
export const lossAgainOf = (direction: Pick<LinkDirection, 'lossPercent' | 'gemodel'>): number => {
  const share = lossShareOf(direction);
  if (share === 0) return 0;
  const model = lossModelOf(direction);
  const { toBad, toGood, lossInBad, lossInGood } = model;
  const bad = badShareOf(model);
  const afterBad = (1 - toGood) * lossInBad + toGood * lossInGood;
  const afterGood = toBad * lossInBad + (1 - toBad) * lossInGood;
  return (bad * lossInBad * afterBad + (1 - bad) * lossInGood * afterGood) / share;
};

/** Of a profile's devices, in bytes. */
export const mtuBytesOf = ({ sourceToDestination }: Pick<LinkProfile, 'sourceToDestination'>): number =>
  sourceToDestination.mtuBytes ?? defaultMtuBytes;

/** Whether something happens to packets one by one, and not to super-packets. */
export const hitsPackets = (direction: LinkDirection): boolean =>
  lossShareOf(direction) > 0 || (direction.duplicatePercent ?? 0) > 0 || (direction.reorderPercent ?? 0) > 0;

/** The part of round trips on which neither direction loses the packet. */
export const returningShareOf = ({
  sourceToDestination: out,
  destinationToSource: back,
}: LinkProfile): number => (1 - lossShareOf(out)) * (1 - lossShareOf(back));

/**
 * So many packets in a row are lost no more often than `odds`, where a share of all is lost, and a share of those that
 * follow a lost one. 0 where none is.
 */
export const lostInARow = (share: number, again: number, odds: number): number => {
  if (share <= 0) return 0;
  const more = Math.log(odds / Math.min(share, 0.99)) / Math.log(Math.min(again, 0.99));
  return 1 + Math.max(0, Math.ceil(more));
};

/** The share of round trips that are lost after a lost one, at most: where both directions are in a burst. */
export const roundTripLostAgainOf = ({
  sourceToDestination: out,
  destinationToSource: back,
}: LinkProfile): number => 1 - (1 - lossAgainOf(out)) * (1 - lossAgainOf(back));

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
