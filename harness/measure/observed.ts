import { pingHost } from '#proto/pings';
import type { PingSamples } from '#proto/pings';
import type { Latency, Observed } from '../result.ts';
import { largest, median, percentile, sorted } from './statistics.ts';

/** Moments on the observer's clock, which is everybody's. */
export interface MigrationWindow {
  startedAtMs: number;
  /** When the guest ran at the destination with all its pages. */
  endedAtMs: number;
}

const latencyOf = (samples: PingSamples, fromMs: number, untilMs: number): Latency => {
  const roundTripsMs: number[] = [];
  let count = 0;
  for (const [ping, sentAtMs] of samples.sentAtMs.entries()) {
    if (sentAtMs < fromMs || sentAtMs >= untilMs) continue;
    count += 1;
    if (samples.host[ping] !== pingHost.none) roundTripsMs.push(samples.receivedAtMs[ping]! - sentAtMs);
  }
  const values = sorted(roundTripsMs);
  return {
    count,
    lost: count - values.length,
    p50Ms: median(values),
    p99Ms: percentile(values, 0.99),
    maxMs: largest(values),
  };
};

/** Longest of the intervals between neighbours that touch [fromMs, untilMs]; 0 where none does. */
const longestInterval = (ascending: Float64Array, fromMs: number, untilMs: number): number => {
  let longestMs = 0;
  for (let index = 1; index < ascending.length; index++) {
    const begin = ascending[index - 1]!;
    const end = ascending[index]!;
    if (end >= fromMs && begin <= untilMs) longestMs = Math.max(longestMs, end - begin);
  }
  return longestMs;
};

/** A ping that was answered. */
interface Answered {
  sentAtMs: number;
  receivedAtMs: number;
}

/** Null where a host was never heard. */
interface Handover {
  /** The source's last answer. */
  last: Answered | null;
  /** The destination's first. */
  first: Answered | null;
}

const handoverOf = (samples: PingSamples): Handover => {
  const handover: Handover = { last: null, first: null };
  for (const [ping, receivedAtMs] of samples.receivedAtMs.entries()) {
    const host = samples.host[ping];
    const answered = { sentAtMs: samples.sentAtMs[ping]!, receivedAtMs };
    if (host === pingHost.source && receivedAtMs >= (handover.last?.receivedAtMs ?? -Infinity))
      handover.last = answered;
    else if (host === pingHost.destination && receivedAtMs < (handover.first?.receivedAtMs ?? Infinity))
      handover.first = answered;
  }
  return handover;
};

/**
 * How long the observer may have missed something at either end of the gap: the longest interval between two pings that
 * touches the source's last answer, from its ping on, or the ping that brought the destination's first. How far apart
 * the pings went in between says nothing of when the gap began and ended: nobody would have answered them.
 */
const resolutionMsOf = (
  samples: PingSamples,
  { last, first }: Handover,
  { startedAtMs, endedAtMs }: MigrationWindow,
): number =>
  Math.max(
    longestInterval(samples.sentAtMs, last?.sentAtMs ?? startedAtMs, last?.receivedAtMs ?? startedAtMs),
    longestInterval(samples.sentAtMs, first?.sentAtMs ?? endedAtMs, first?.sentAtMs ?? endedAtMs),
  );

/**
 * The migration as somebody outside saw it.
 * @param routeMovedMs when the router moved the route, after the first instruction at the destination.
 */
export const observe = (
  samples: PingSamples,
  { startedAtMs, endedAtMs }: MigrationWindow,
  routeMovedMs: number | null,
): Observed => {
  const answeredAtMs = sorted(samples.receivedAtMs.filter((atMs) => !Number.isNaN(atMs)));
  const handover = handoverOf(samples);
  const { last, first } = handover;
  const during = latencyOf(samples, startedAtMs, endedAtMs);
  return {
    gapMs: longestInterval(answeredAtMs, startedAtMs, endedAtMs),
    lostPings: during.lost,
    handoverGapMs: last === null || first === null ? null : first.receivedAtMs - last.receivedAtMs,
    firstAnswerMs: first === null ? null : first.receivedAtMs - first.sentAtMs,
    routeMovedMs,
    resolutionMs: resolutionMsOf(samples, handover, { startedAtMs, endedAtMs }),
    latency: {
      before: latencyOf(samples, -Infinity, startedAtMs),
      during,
      after: latencyOf(samples, endedAtMs, Infinity),
    },
  };
};

/** Pings that crossed the link: the destination answered them. */
export const pingsToDestination = (samples: PingSamples): number =>
  samples.host.reduce((total, host) => total + (host === pingHost.destination ? 1 : 0), 0);
