import type { ProgressEvent } from '#proto/events';
import type { LinkSamples } from '#proto/link-samples';
import { pingHost } from '#proto/pings';
import type { PingSamples } from '#proto/pings';
import type { LinkPoint, PingPoint, ProgressPoint } from '../result.ts';
import type { MigrationWindow } from './observed.ts';
import { largest, median, sorted } from './statistics.ts';

/** Neighbouring intervals of a longer series are put together: a page with a hundred runs has to stay readable. */
export const mostPoints = 400;
/** What the observer saw so long before the migration and after it belongs to its series. */
const marginMs = 1000;
/** As the router's samples; shorter ones would hold too few pings for a median. */
const leastPingIntervalMs = 50;

/** Every n-th of `count` positions and the last, so that no more than `mostPoints` intervals lie between them. */
const positionsOf = (count: number): number[] => {
  const step = Math.max(1, Math.ceil((count - 1) / mostPoints));
  const positions: number[] = [];
  for (let position = 0; position < count - 1; position += step) positions.push(position);
  if (count > 0) positions.push(count - 1);
  return positions;
};

/** To three decimals, µs and kb/s: more digits would be noise, and a third of the result's text. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
const roundedOrNull = (value: number | null): number | null => (value === null ? null : rounded(value));
const mbps = (bytes: number, ms: number): number => rounded((bytes * 8) / 1000 / ms);

/** The link's throughput between samples, or between every n-th of them. */
export const linkSeriesOf = (samples: LinkSamples, startedAtMs: number): LinkPoint[] => {
  const { atMs, sourceToDestinationBytes: out, destinationToSourceBytes: back } = samples;
  const positions = positionsOf(atMs.length);
  return positions.slice(1).flatMap((position, index) => {
    const from = positions[index]!;
    const ms = atMs[position]! - atMs[from]!;
    if (ms <= 0) return [];
    return [
      {
        atMs: rounded(atMs[position]! - startedAtMs),
        sourceToDestinationMbps: mbps(out[position]! - out[from]!, ms),
        destinationToSourceMbps: mbps(back[position]! - back[from]!, ms),
      },
    ];
  });
};

/** What was sent and what was left, as the source told it. */
export const progressSeriesOf = (events: readonly ProgressEvent[], startedAtMs: number): ProgressPoint[] =>
  positionsOf(events.length)
    .slice(-mostPoints)
    .map((position) => events[position]!)
    .map(({ atMs, transferredBytes, remainingBytes }) => ({
      atMs: rounded(atMs - startedAtMs),
      transferredBytes,
      remainingBytes,
    }));

const pingPoint = (samples: PingSamples, from: number, until: number, atMs: number): PingPoint => {
  const roundTripsMs: number[] = [];
  for (let ping = from; ping < until; ping++)
    if (samples.host[ping] !== pingHost.none)
      roundTripsMs.push(samples.receivedAtMs[ping]! - samples.sentAtMs[ping]!);
  const values = sorted(roundTripsMs);
  const sent = until - from;
  return {
    atMs: rounded(atMs),
    sent,
    lost: sent - values.length,
    p50Ms: roundedOrNull(median(values)),
    maxMs: roundedOrNull(largest(values)),
  };
};

/** The observer's pings by the interval in which they were sent, from shortly before the migration to shortly after it. */
export const pingSeriesOf = (
  samples: PingSamples,
  { startedAtMs, endedAtMs }: MigrationWindow,
): PingPoint[] => {
  const { sentAtMs } = samples;
  const fromMs = Math.max(startedAtMs - marginMs, sentAtMs[0] ?? Infinity);
  const untilMs = Math.min(endedAtMs + marginMs, sentAtMs.at(-1) ?? -Infinity);
  const count = Math.min(mostPoints, Math.ceil((untilMs - fromMs) / leastPingIntervalMs));
  const points: PingPoint[] = [];
  let from = sentAtMs.findIndex((atMs) => atMs >= fromMs);
  for (let interval = 1; interval <= count; interval++) {
    const endMs = fromMs + ((untilMs - fromMs) * interval) / count;
    let until = from;
    // The very last ping closes the last interval.
    while (
      until < sentAtMs.length &&
      (sentAtMs[until]! < endMs || (interval === count && sentAtMs[until]! <= untilMs))
    )
      until++;
    points.push(pingPoint(samples, from, until, endMs - startedAtMs));
    from = until;
  }
  return points;
};
