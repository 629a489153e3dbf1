/** How a link is to be probed: how many probes, how far apart, how long to wait. Pure. */
import type { LinkDirection, LinkProfile } from '#proto/link';
import { returningShareOf, rttMsOf } from '#proto/link';
import { bandwidthDelayProductBytes } from '#proto/units';
import { apartMsOf, isSpread, longestRttMsOf, probesFor } from './round-trips.ts';
import { isTcpBound, segmentBytes } from './tolerance.ts';

/** What `probeRtt` is told. */
export interface RttPlan {
  count: number;
  intervalMs: number;
  /** How long the last probe may be under way; what isn't back by then is lost. */
  patienceMs: number;
}

/** Beyond the link's own time: threads that wait for a core, and an address that is looked up for the first time. */
const slackMs = 1_000;

export const patienceMsOf = (profile: LinkProfile): number => Math.ceil(longestRttMsOf(profile) + slackMs);

/** Round trips that warm both processes up; nobody looks at what they take. */
export const warmUpPlanOf = (profile: LinkProfile): RttPlan => ({
  count: 15,
  intervalMs: 2,
  patienceMs: patienceMsOf(profile),
});

const leastProbes = 40;
const leastIntervalMs = 5;
/** Where round trips vary, the tenths at either end are looked at as well: ten probes each. */
const leastSpreadProbes = 100;
/** Where jitter asks for many, chance leaves this part of the round trip … */
const chanceShare = 0.05;
/** … unless that took longer … */
const mostMs = 10_000;
/** … and never fewer than these are sent. */
const leastSlowProbes = 20;

/**
 * A link keeps the order of its packets: one that is let go early waits for the one before it. So probes that stand close
 * measure the latest of many. These stand so far apart that one in a thousand meets the one before it on its way there or
 * back.
 */
export const rttPlanOf = (profile: LinkProfile): RttPlan => {
  const patienceMs = patienceMsOf(profile);
  const intervalMs = Math.max(leastIntervalMs, Math.ceil(apartMsOf(profile)));
  const wanted = isSpread(profile)
    ? Math.max(leastSpreadProbes, probesFor(profile, chanceShare * rttMsOf(profile)))
    : leastProbes;
  const most = Math.max(leastSlowProbes, Math.floor(mostMs / intervalMs));
  const answered = isSpread(profile) ? Math.min(wanted, most) : leastProbes;
  return { count: Math.ceil(answered / returningShareOf(profile)), intervalMs, patienceMs };
};

/** A known link is only to be confirmed: its probes may follow each other sooner … */
const confirmIntervalMs = 2;
/** … if none waits for the one before it: Ethernet, IPv4 and UDP headers, and eight bytes. */
const probeWireBytes = 14 + 20 + 8 + 8;

/** As many round trips in less time, where nothing but the machine makes them vary. */
export const confirmPlanOf = (profile: LinkProfile): RttPlan => {
  const plan = rttPlanOf(profile);
  if (isSpread(profile)) return plan;
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const wireMs = (probeWireBytes * 8) / 1000 / Math.min(out.rateMbps, back.rateMbps);
  return {
    ...plan,
    intervalMs: Math.min(plan.intervalMs, Math.max(confirmIntervalMs, Math.ceil(2 * wireMs))),
  };
};

/** What `probeThroughput` is told. */
export interface ThroughputPlan {
  rampMs: number;
  measureMs: number;
  /** How long the sink's report may take to be there. */
  patienceMs: number;
}

/**
 * Slow start to a full link takes some 12 round trips (from 10 segments to 65 MB), overshoots, and repairs that in 20
 * to 30 more (iperf3 at 10 Gb/s and 52.5 ms: steady after 1.8 s).
 */
const rampRoundTrips = 40;
const firstWindowBytes = 10 * segmentBytes;
const longestDoublings = 12;
/** Up to here 40 round trips cost nobody anything. */
const longRttMs = 100;
/** Where TCP itself is the limit, nobody waits for a full link. */
const boundRoundTrips = 8;

/** With a long round trip so many as slow start has doublings to make, and its repair losses. */
const rampRoundTripsOf = (profile: LinkProfile, direction: LinkDirection): number => {
  if (isTcpBound(profile, direction)) return boundRoundTrips;
  const rttMs = rttMsOf(profile);
  if (rttMs <= longRttMs) return rampRoundTrips;
  const windows = bandwidthDelayProductBytes(direction.rateMbps, rttMs) / firstWindowBytes;
  const share = Math.log2(Math.max(2, windows)) / longestDoublings;
  return Math.min(rampRoundTrips, Math.max(boundRoundTrips, Math.ceil(rampRoundTrips * share)));
};

/** A lost segment holds back what follows it for one or two round trips, which then arrives at once. */
const measureRoundTrips = 10;
/**
 * Where that happens all the time: what is held back for s of T shifts the slope of the arrivals by up to 3 (s/T)², so 2 %
 * with two of 25 round trips, which then are those of a full buffer. Such a link has no rate to be met, only one not to be
 * exceeded, so that this may end.
 */
const boundMeasureRoundTrips = 25;
const mostBoundMs = 20_000;
/** On a slow link whole segments are counted: half a percent each. */
const leastSegments = 200;
/** Each end of a connection may lose its first packets, which are sent again after 1, 3, 7 and 15 s. */
const lossPatienceMs = 30_000;
const connectMs = 5_000;

/** @param leastMs what a fast link is measured for at least. */
export const throughputPlanOf = (
  profile: LinkProfile,
  direction: LinkDirection,
  leastMs: number,
): ThroughputPlan => {
  const rttMs = rttMsOf(profile);
  const rampMs = Math.ceil(100 + rampRoundTripsOf(profile, direction) * rttMs);
  const segmentsMs = (leastSegments * segmentBytes * 8) / (direction.rateMbps * 1000);
  const boundMs = isTcpBound(profile, direction)
    ? Math.min(mostBoundMs, boundMeasureRoundTrips * (rttMs + direction.bufferMs))
    : 0;
  const measureMs = Math.ceil(Math.max(leastMs, measureRoundTrips * rttMs, segmentsMs, boundMs));
  return { rampMs, measureMs, patienceMs: patienceMsFor(profile, rampMs + measureMs) };
};

const patienceMsFor = (profile: LinkProfile, lastsMs: number): number =>
  2 * lastsMs + connectMs + 10 * patienceMsOf(profile) + (returningShareOf(profile) < 1 ? lossPatienceMs : 0);

/** The same, so many times as long. */
export const patientPlan = (plan: ThroughputPlan, profile: LinkProfile, times: number): ThroughputPlan => ({
  rampMs: plan.rampMs * times,
  measureMs: plan.measureMs * times,
  patienceMs: patienceMsFor(profile, (plan.rampMs + plan.measureMs) * times),
});

/** A queue that a throughput probe has left behind is waited for where it holds more than this. */
const deepBufferMs = 200;

/**
 * Waits until a direction's buffer is empty: packets keep their order, so that the first probe that comes back has seen
 * the end of the queue. Null where there is nothing worth waiting for.
 */
export const drainPlanOf = (profile: LinkProfile): (RttPlan & { enough: number }) | null => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const bufferMs = out.bufferMs + back.bufferMs;
  if (bufferMs <= deepBufferMs) return null;
  return { count: 20, intervalMs: 100, patienceMs: Math.ceil(patienceMsOf(profile) + bufferMs), enough: 1 };
};
