import { LivemigError } from './errors.ts';
import { datagramHeaderBytes, datagramMaxBytes, tcpPayloadShareOf } from './frames.ts';

/** Traffic that shares the link with the migration (docs/loads.md). */
export const trafficKinds = ['ping', 'tcp', 'udp'] as const;
export type TrafficKind = (typeof trafficKinds)[number];
export const trafficDirections = ['forward', 'both'] as const;
export type TrafficDirection = (typeof trafficDirections)[number];
export const trafficSides = ['source', 'destination'] as const;
export type TrafficSide = (typeof trafficSides)[number];

/** Maximum flows of a run. Each is a process at either host. */
export const trafficFlowsMax = 4;
/** What the router counts apart: those, requests to the guest's service, and those of its disk to the storage host. */
export const countedFlowsMax = trafficFlowsMax + 2;
/** The first flow's port, the same at both hosts; the others follow. */
export const trafficPort = 7010;
export const trafficRateMaxMbps = 100_000;
export const trafficPacketLeastBytes = 64;
export const trafficPacketMaxBytes = datagramMaxBytes;
export const trafficWindowMaxBytes = 1 << 30;

/** One flow as a scenario asks for it. */
export interface TrafficConfig {
  kind: TrafficKind;
  /** On the wire, as the link's rate is counted: IP packet and 14 bytes of Ethernet header. */
  rateMbps: number;
  direction: TrafficDirection;
  /** Payload of a datagram; of no meaning to tcp. */
  packetBytes: number;
  /** What ping has under way at most; auto = the larger of rate times round trip and what the bottleneck buffers. */
  windowBytes: number | 'auto';
  from: TrafficSide;
}

/** What flows offer in the direction of one of the hosts. */
export const offeredMbps = (
  traffic: readonly Pick<TrafficConfig, 'from' | 'direction' | 'rateMbps'>[],
  towards: TrafficSide,
): number =>
  traffic
    .filter(({ from, direction }) => direction === 'both' || from !== towards)
    .reduce((sum, { rateMbps }) => sum + rateMbps, 0);

/** One flow as one of its two hosts runs it. */
export interface TrafficEnd {
  kind: TrafficKind;
  port: number;
  /** This host's, and the other's. */
  address: string;
  peer: string;
  /** Whether this host begins: it sends, and connects. The other end answers, and is started first. */
  initiates: boolean;
  /** Whether the other end sends as much as this one. */
  bothWays: boolean;
  rateMbps: number;
  packetBytes: number;
  /** Of ping. */
  windowBytes: number;
  /** The link's. */
  mtuBytes: number;
}

/** How much of a flow is payload: of 1, on the wire. */
export const payloadShareOf = (
  { kind, packetBytes }: Pick<TrafficConfig, 'kind' | 'packetBytes'>,
  mtuBytes: number,
): number =>
  kind === 'tcp' ? tcpPayloadShareOf(mtuBytes) : packetBytes / (packetBytes + datagramHeaderBytes);

/** What one end of a flow has seen. Times are CLOCK_MONOTONIC in ms. */
export interface TrafficSamples {
  /** When the first interval began. */
  startedAtMs: number;
  /** Payload bytes by interval of `trafficIntervalMs`: sent, and arrived here (ping: come back). */
  sentBytes: Float64Array;
  arrivedBytes: Float64Array;
  /** Of ping: when a round trip ended, and how long it took. A selection, one in `trafficRttEveryMs` at most. */
  rttAtMs: Float64Array;
  rttMs: Float64Array;
}

export const trafficIntervalMs = 20;
export const trafficRttEveryMs = 5;
/** What comes after is left out: half an hour. */
export const trafficIntervalsMax = (30 * 60_000) / trafficIntervalMs;
export const trafficRttsMax = (30 * 60_000) / trafficRttEveryMs;

export const encodeTrafficSamples = (samples: TrafficSamples): Buffer => {
  const { startedAtMs, sentBytes, arrivedBytes, rttAtMs, rttMs } = samples;
  const numbers = Float64Array.from([
    startedAtMs,
    sentBytes.length,
    rttMs.length,
    ...sentBytes,
    ...arrivedBytes,
    ...rttAtMs,
    ...rttMs,
  ]);
  return Buffer.from(numbers.buffer);
};

/** @throws LivemigError PROTOCOL_VIOLATION when it isn't one. */
export const decodeTrafficSamples = (blob: Buffer): TrafficSamples => {
  const numbers = new Float64Array(Math.floor(blob.length / 8));
  Buffer.from(numbers.buffer).set(blob.subarray(0, numbers.byteLength));
  const [startedAtMs = NaN, intervals = NaN, rtts = NaN] = numbers;
  const isCount = (value: number, most: number): boolean =>
    Number.isInteger(value) && value >= 0 && value <= most;
  const isSound =
    isCount(intervals, trafficIntervalsMax) &&
    isCount(rtts, trafficRttsMax) &&
    blob.length === 8 * (3 + 2 * intervals + 2 * rtts) &&
    numbers.every(Number.isFinite);
  if (!isSound)
    throw new LivemigError(
      'PROTOCOL_VIOLATION',
      `expected samples of traffic, got ${blob.length} other bytes`,
    );
  let at = 3;
  const take = (count: number): Float64Array => numbers.subarray(at, (at += count));
  return {
    startedAtMs,
    sentBytes: take(intervals),
    arrivedBytes: take(intervals),
    rttAtMs: take(rtts),
    rttMs: take(rtts),
  };
};
