import type { LoadSamples, Outcome } from '#proto/service';
import { outcomes, serviceErrors } from '#proto/service';
import type { ServiceMeasurement, ServiceSpan } from '../result.ts';
import type { Sorted } from './statistics.ts';
import { largest, percentile, sorted } from './statistics.ts';

export interface ServiceEvidence {
  rate: number;
  /** From when on the service was warm. */
  steadyFromMs: number;
  samples: LoadSamples;
}

/** Moments of the migration, on everybody's clock. */
export interface ServiceMoments {
  startedAtMs: number;
  pausedAtMs: number;
  resumedAtMs: number;
  endedAtMs: number;
  /** Pages were missing when the guest resumed; without, a busy host may notice its end late. */
  hasPostcopy: boolean;
}

interface Span {
  fromMs: number;
  untilMs: number;
}

const serviceIntervalMs = 100;

const outcomeOf = ({ outcome }: LoadSamples, nth: number): Outcome => outcomes[outcome[nth]!] ?? 'other';

/** What was asked for within a span, and what arrived within it. A request belongs to the instant it was scheduled for. */
export const spanOf = (samples: LoadSamples, { fromMs, untilMs }: Span): ServiceSpan => {
  const { scheduledAtMs, latencyMs, bytes } = samples;
  const errors = Object.fromEntries(serviceErrors.map((kind) => [kind, 0])) as Record<Outcome, number>;
  const latencies: number[] = [];
  let requests = 0;
  let replies = 0;
  let replyBytes = 0;
  for (let nth = 0; nth < scheduledAtMs.length; nth++) {
    const atMs = scheduledAtMs[nth]!;
    // The schedule ascends, and answers come after it.
    if (atMs >= untilMs) break;
    const outcome = outcomeOf(samples, nth);
    if (outcome === 'done') {
      const repliedAtMs = atMs + latencyMs[nth]!;
      if (repliedAtMs >= fromMs && repliedAtMs < untilMs) {
        replies += 1;
        replyBytes += bytes[nth]!;
      }
    }
    if (atMs < fromMs) continue;
    requests += 1;
    if (outcome === 'done') latencies.push(latencyMs[nth]!);
    else errors[outcome] += 1;
  }
  const durationMs = Math.max(0, untilMs - fromMs);
  const rate = (count: number): number => (durationMs === 0 ? 0 : (count * 1000) / durationMs);
  const values: Sorted = sorted(latencies);
  const { timeout, refused, stale, other } = errors;
  return {
    durationMs,
    requests,
    requestsPerSecond: rate(requests),
    repliesPerSecond: rate(replies),
    kilobytesPerSecond: rate(replyBytes) / 1000,
    p50Ms: percentile(values, 0.5),
    p90Ms: percentile(values, 0.9),
    p95Ms: percentile(values, 0.95),
    p99Ms: percentile(values, 0.99),
    maxMs: largest(values),
    errors: timeout + refused + stale + other,
    timeouts: timeout,
    refused,
    stale,
    otherErrors: other,
  };
};

/** How late the generator was, at the 99th percentile. */
export const latenessOf = ({ lateMs }: LoadSamples): number | null => percentile(sorted(lateMs), 0.99);

/** When the last request was due, and the one before: the schedule's end. */
const endOf = ({ scheduledAtMs }: LoadSamples): number => scheduledAtMs.at(-1) ?? 0;

/** The part of the columns that a span may need: requests due, or answered, within it. */
const partOf = (samples: LoadSamples, { fromMs, untilMs }: Span, mostLatencyMs: number): LoadSamples => {
  const { scheduledAtMs } = samples;
  let first = 0;
  let end = scheduledAtMs.length;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if (scheduledAtMs[middle]! < fromMs - mostLatencyMs) first = middle + 1;
    else end = middle;
  }
  let last = first;
  while (last < scheduledAtMs.length && scheduledAtMs[last]! < untilMs) last += 1;
  return {
    scheduledAtMs: scheduledAtMs.subarray(first, last),
    lateMs: samples.lateMs.subarray(first, last),
    latencyMs: samples.latencyMs.subarray(first, last),
    outcome: samples.outcome.subarray(first, last),
    bytes: samples.bytes.subarray(first, last),
  };
};

const longestMs = ({ latencyMs }: LoadSamples): number => {
  let longest = 0;
  for (const latency of latencyMs) if (latency > longest) longest = latency;
  return longest;
};

const pointOf = (atMs: number, span: ServiceSpan): ServiceMeasurement['series'][number] => {
  const point: Partial<ServiceSpan> & { atMs: number } = { atMs, ...span };
  delete point.durationMs;
  return point as ServiceMeasurement['series'][number];
};

/** The service by the phases of the migration, and over time. */
export const serviceOf = (
  { rate, steadyFromMs, samples }: ServiceEvidence,
  { startedAtMs, pausedAtMs, resumedAtMs, endedAtMs, hasPostcopy }: ServiceMoments,
): ServiceMeasurement => {
  const lastMs = endOf(samples);
  const longest = longestMs(samples);
  const cut = (span: Span): ServiceSpan => spanOf(partOf(samples, span, longest), span);
  const phases = {
    before: cut({ fromMs: steadyFromMs, untilMs: startedAtMs }),
    rounds: cut({ fromMs: startedAtMs, untilMs: pausedAtMs }),
    downtime: cut({ fromMs: pausedAtMs, untilMs: resumedAtMs }),
    postcopy: hasPostcopy ? cut({ fromMs: resumedAtMs, untilMs: endedAtMs }) : null,
    after: cut({ fromMs: hasPostcopy ? endedAtMs : resumedAtMs, untilMs: Math.max(endedAtMs, lastMs) }),
  };
  const series: ServiceMeasurement['series'] = [];
  // Intervals count from the start of the migration, so that runs can be laid over each other.
  const first = Math.ceil((steadyFromMs - startedAtMs) / serviceIntervalMs);
  const end = Math.floor((lastMs - startedAtMs) / serviceIntervalMs);
  for (let interval = first; interval < end; interval++) {
    const fromMs = startedAtMs + interval * serviceIntervalMs;
    const span = cut({ fromMs, untilMs: fromMs + serviceIntervalMs });
    series.push(pointOf((interval + 1) * serviceIntervalMs, span));
  }
  return {
    rate,
    lateP99Ms: latenessOf(samples),
    during: cut({ fromMs: startedAtMs, untilMs: endedAtMs }),
    phases,
    series,
  };
};
