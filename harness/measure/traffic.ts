import type { TrafficConfig, TrafficSamples } from '#proto/traffic';
import { payloadShareOf, trafficIntervalMs } from '#proto/traffic';
import type { TrafficMeasurement } from '../result.ts';
import type { MigrationWindow } from './observed.ts';
import { median, percentile, sorted } from './statistics.ts';

/** One flow, as both of its ends saw it. */
export interface FlowEvidence {
  config: TrafficConfig;
  initiator: TrafficSamples;
  responder: TrafficSamples;
}

export interface TrafficEvidence {
  /** From when on it is in its stride. */
  steadyFromMs: number;
  /** The link's. */
  mtuBytes: number;
  flows: readonly FlowEvidence[];
}

interface Span {
  fromMs: number;
  untilMs: number;
}

/** Payload within the intervals that lie in the span as a whole, and how long these are. */
const countedIn = (
  { startedAtMs }: TrafficSamples,
  bytes: Float64Array,
  { fromMs, untilMs }: Span,
): { bytes: number; ms: number } => {
  const first = Math.max(0, Math.ceil((fromMs - startedAtMs) / trafficIntervalMs));
  const end = Math.min(bytes.length, Math.floor((untilMs - startedAtMs) / trafficIntervalMs));
  const taken = bytes.subarray(first, Math.max(first, end));
  return { bytes: taken.reduce((sum, each) => sum + each, 0), ms: taken.length * trafficIntervalMs };
};

/** On the wire. Null: no interval lies in the span. */
const rateMbps = (
  samples: TrafficSamples,
  span: Span,
  config: TrafficConfig,
  mtuBytes: number,
): number | null => {
  const { bytes, ms } = countedIn(samples, samples.arrivedBytes, span);
  return ms === 0 ? null : (bytes * 8) / 1000 / ms / payloadShareOf(config, mtuBytes);
};

const rttIn = ({ rttAtMs, rttMs }: TrafficSamples, { fromMs, untilMs }: Span) => {
  const taken = sorted(rttMs.filter((_, nth) => rttAtMs[nth]! >= fromMs && rttAtMs[nth]! < untilMs));
  return { rttP50Ms: median(taken), rttP99Ms: percentile(taken, 0.99) };
};

/** What of it never arrived, of what was sent during the migration; what is still under way at its ends about evens out. */
const lostPercent = ({ config, initiator, responder }: FlowEvidence, span: Span): number | null => {
  // What TCP loses it sends again.
  if (config.kind === 'tcp') return null;
  const sent = countedIn(initiator, initiator.sentBytes, span).bytes;
  const isEcho = config.kind === 'ping' && config.direction === 'both';
  const end = isEcho ? initiator : responder;
  const arrived = countedIn(end, end.arrivedBytes, span).bytes;
  return sent === 0 ? null : Math.min(100, Math.max(0, 100 * (1 - arrived / sent)));
};

/** How each flow fared before, during and after the migration. */
export const trafficOf = (
  { steadyFromMs, mtuBytes, flows }: TrafficEvidence,
  { startedAtMs, endedAtMs }: MigrationWindow,
): TrafficMeasurement[] => {
  const before: Span = { fromMs: steadyFromMs, untilMs: startedAtMs };
  const during: Span = { fromMs: startedAtMs, untilMs: endedAtMs };
  // What the migration has left in the queue is let go first.
  const after: Span = { fromMs: endedAtMs + 2 * trafficIntervalMs, untilMs: Infinity };
  return flows.map((flow) => {
    const { config, initiator, responder } = flow;
    const ends = config.direction === 'both' ? [initiator, responder] : [responder];
    /** Of the direction in which less arrived. */
    const rate = (span: Span): number | null =>
      ends.reduce<number | null>((least, end) => {
        const mbps = rateMbps(end, span, config, mtuBytes);
        return least === null || mbps === null ? mbps : Math.min(least, mbps);
      }, Infinity);
    const echo = config.kind === 'ping';
    return {
      kind: config.kind,
      offeredMbps: config.rateMbps,
      beforeMbps: rate(before),
      duringMbps: rate(during),
      afterMbps: rate(after),
      lostPercent: lostPercent(flow, during),
      before: echo ? rttIn(initiator, before) : { rttP50Ms: null, rttP99Ms: null },
      during: echo ? rttIn(initiator, during) : { rttP50Ms: null, rttP99Ms: null },
    };
  });
};
