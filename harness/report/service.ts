import { formatCount, formatMs } from '../format.ts';
import type { CompletedRun, ServiceMeasurement, ServiceSpan } from '../result.ts';

type Row = readonly [label: string, figure: string, detail: string];

/** Per second, as people read it: `2,998/s`. */
const rateText = (perSecond: number): string => `${formatCount(Math.round(perSecond))}/s`;
const msText = (ms: number | null): string => (ms === null ? '–' : formatMs(ms));

/** The phases that a migration had, in their order. */
export const servicePhases = ({
  phases,
}: Pick<ServiceMeasurement, 'phases'>): (readonly [name: string, span: ServiceSpan])[] =>
  (
    [
      ['before', phases.before],
      ['rounds', phases.rounds],
      ['downtime', phases.downtime],
      ['postcopy', phases.postcopy],
      ['after', phases.after],
    ] as const
  ).flatMap(([name, span]) => (span === null ? [] : [[name, span] as const]));

/** `none`, or how many of which kind. */
export const errorsText = ({
  errors,
  timeouts,
  refused,
  stale,
  otherErrors,
}: Pick<ServiceSpan, 'errors' | 'timeouts' | 'refused' | 'stale' | 'otherErrors'>): string => {
  if (errors === 0) return 'no errors';
  const kinds: [number, string][] = [
    [timeouts, 'timed out'],
    [refused, 'refused'],
    [stale, 'stale'],
    [otherErrors, 'other'],
  ];
  return kinds
    .filter(([count]) => count > 0)
    .map(([count, kind]) => `${formatCount(count)} ${kind}`)
    .join(', ');
};

const detailOf = (span: ServiceSpan): string =>
  [
    `of ${rateText(span.requestsPerSecond)} asked`,
    `p50 ${msText(span.p50Ms)} · p95 ${msText(span.p95Ms)} · p99 ${msText(span.p99Ms)} · max ${msText(span.maxMs)}`,
    errorsText(span),
  ].join(' · ');

/** A row for each phase of the migration: replies, latency from the scheduled instant, errors. */
export const serviceRows = ({ measurement: { service } }: Pick<CompletedRun, 'measurement'>): Row[] =>
  service === undefined
    ? []
    : servicePhases(service).map(([name, span]): Row => [
        `service, ${name}`,
        rateText(span.repliesPerSecond),
        detailOf(span),
      ]);
