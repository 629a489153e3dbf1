import { pingHost } from '../../proto/pings.ts';
import type { PingSamples } from '../../proto/pings.ts';
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

interface Handover {
  lastSourceAtMs: number | null;
  firstDestinationAtMs: number | null;
  /** Round trip of the ping that brought the destination's first answer. */
  firstAnswerMs: number | null;
}

/** When the source was last heard, and the destination first; null where never. */
const handoverOf = (samples: PingSamples): Handover => {
  const handover: Handover = { lastSourceAtMs: null, firstDestinationAtMs: null, firstAnswerMs: null };
  for (const [ping, atMs] of samples.receivedAtMs.entries()) {
    const host = samples.host[ping];
    if (host === pingHost.source) handover.lastSourceAtMs = Math.max(atMs, handover.lastSourceAtMs ?? atMs);
    else if (host === pingHost.destination && atMs < (handover.firstDestinationAtMs ?? Infinity)) {
      handover.firstDestinationAtMs = atMs;
      handover.firstAnswerMs = atMs - samples.sentAtMs[ping]!;
    }
  }
  return handover;
};

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
  const { lastSourceAtMs, firstDestinationAtMs, firstAnswerMs } = handoverOf(samples);
  const silentFromMs = lastSourceAtMs ?? startedAtMs;
  const silentUntilMs = firstDestinationAtMs ?? endedAtMs;
  const during = latencyOf(samples, startedAtMs, endedAtMs);
  return {
    gapMs: longestInterval(answeredAtMs, startedAtMs, endedAtMs),
    lostPings: during.lost,
    handoverGapMs:
      lastSourceAtMs === null || firstDestinationAtMs === null ? null : firstDestinationAtMs - lastSourceAtMs,
    firstAnswerMs,
    routeMovedMs,
    resolutionMs: longestInterval(samples.sentAtMs, silentFromMs, silentUntilMs),
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
