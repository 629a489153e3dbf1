import type { CompletedRun, Downtime } from '../result.ts';
import type { RunEvent } from '../run/events.ts';

/**
 * A run in the Trace Event Format of Chrome, which Perfetto and chrome://tracing show. Its times are µs after the start of
 * the migration; what came before has negative ones.
 */
export interface Trace {
  traceEvents: TraceEvent[];
  displayTimeUnit: 'ms';
  otherData: Record<string, string>;
}

/** M: a name; X: a slice; i: a moment; C: counters. */
interface TraceEvent {
  ph: 'M' | 'X' | 'i' | 'C';
  name: string;
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  /** Of a moment: it concerns its process. */
  s?: 'p';
  args?: Record<string, unknown>;
}

/** What is shown beside each other: a process each, with its tracks. */
const tracks = {
  run: { pid: 1, name: 'run', threads: ['stages', 'migration status', 'timeline'] },
  source: { pid: 2, name: 'source', threads: ['rounds', 'guest'] },
  switchover: { pid: 3, name: 'switchover', threads: ['downtime', 'its parts'] },
  destination: { pid: 4, name: 'destination', threads: ['guest'] },
  link: { pid: 5, name: 'link', threads: ['cuts and recovery', 'throughput'] },
  observer: { pid: 6, name: 'observer', threads: ['pings'] },
} as const;
type Track = keyof typeof tracks;

const us = (ms: number): number => Math.round(ms * 1000);

const slice = (of: Track, thread: number, name: string, startMs: number, durationMs: number, args = {}): TraceEvent => ({
  ph: 'X', name, pid: tracks[of].pid, tid: thread, ts: us(startMs), dur: Math.max(0, us(durationMs)), args,
}); // prettier-ignore

const moment = (of: Track, thread: number, name: string, atMs: number, args = {}): TraceEvent => ({
  ph: 'i', name, pid: tracks[of].pid, tid: thread, ts: us(atMs), s: 'p', args,
}); // prettier-ignore

const counter = (of: Track, name: string, atMs: number, values: Record<string, number>): TraceEvent => ({
  ph: 'C', name, pid: tracks[of].pid, tid: 0, ts: us(atMs), args: values,
}); // prettier-ignore

const names = (): TraceEvent[] =>
  Object.values(tracks).flatMap(({ pid, name, threads }): TraceEvent[] => [
    { ph: 'M', name: 'process_name', pid, tid: 0, args: { name } },
    { ph: 'M', name: 'process_sort_index', pid, tid: 0, args: { sort_index: pid } },
    ...threads.map((thread, tid): TraceEvent => ({ ph: 'M', name: 'thread_name', pid, tid, args: { name: thread } })),
  ]); // prettier-ignore

/** The parts in the order in which they happen, from the guest's last instruction on; a lease takes time at both ends. */
const partsInOrder = [
  'drainMs',
  'preSwitchoverMs',
  'leaseMs',
  'finalPagesMs',
  'deviceStateMs',
  'propagationMs',
  'loadMs',
  'resumeMs',
] as const satisfies (keyof Downtime)[];

const downtimeOf = ({ measurement }: CompletedRun): TraceEvent[] => {
  const { downtime, downtimeStartMs, downtimeMs } = measurement;
  let atMs = downtimeStartMs;
  const parts = partsInOrder.flatMap((key) => {
    const durationMs = downtime[key];
    if (durationMs === undefined) return [];
    const part = slice('switchover', 1, key.replace(/Ms$/, ''), atMs, durationMs);
    atMs += durationMs;
    return [part];
  });
  return [
    slice('switchover', 1, 'pause', downtimeStartMs - downtime.pauseMs, downtime.pauseMs),
    slice('switchover', 0, 'downtime', downtimeStartMs, downtimeMs, { downtimeMs }),
    ...parts,
  ];
};

const roundsOf = ({ measurement }: CompletedRun): TraceEvent[] =>
  measurement.rounds.map(({ round, phase, startMs, durationMs, ...figures }) =>
    slice('source', 0, `round ${round} (${phase})`, startMs, durationMs, figures),
  );

const linkOf = ({ measurement }: CompletedRun): TraceEvent[] => [
  ...measurement.linkCuts.map(({ startMs, durationMs, plannedMs }) =>
    slice('link', 0, 'cut', startMs, durationMs ?? plannedMs, { plannedMs }),
  ),
  ...measurement.recoveries.map(({ pausedMs, recoveredMs, pagesLost }) =>
    recoveredMs === null
      ? moment('link', 0, 'connection lost', pausedMs, { pagesLost })
      : slice('link', 0, 'recovery', pausedMs, recoveredMs - pausedMs, { pagesLost }),
  ),
  ...measurement.series.link.map(({ atMs, sourceToDestinationMbps, destinationToSourceMbps }) =>
    counter('link', 'throughput in Mb/s', atMs, {
      'source to destination': sourceToDestinationMbps,
      'destination to source': destinationToSourceMbps,
    }),
  ),
];

const guestOf = ({ measurement }: CompletedRun): TraceEvent[] => [
  ...measurement.guestProgress.flatMap(({ atMs, host, operationsPerSecond, pagesDirtiedPerSecond, stalledMs }) => [
    counter(host, 'guest operations per s', atMs, { operations: operationsPerSecond }),
    counter(host, 'pages dirtied per s', atMs, { pages: pagesDirtiedPerSecond }),
    counter(host, 'stalled by faults in ms', atMs, { stalled: stalledMs }),
  ]),
  ...measurement.series.progress.map(({ atMs, transferredBytes, remainingBytes }) =>
    counter('source', 'bytes', atMs, { transferred: transferredBytes, remaining: remainingBytes }),
  ),
]; // prettier-ignore

const observedOf = ({ measurement }: CompletedRun): TraceEvent[] =>
  measurement.series.pings.flatMap(({ atMs, lost, p50Ms, maxMs }) => [
    counter('observer', 'pings lost', atMs, { lost }),
    ...(p50Ms === null || maxMs === null
      ? []
      : [counter('observer', 'round trip in ms', atMs, { median: p50Ms, longest: maxMs })]),
  ]);

/** When the migration began, by the clock of the events: both have the end of a round. */
const startOf = ({ measurement }: CompletedRun, events: readonly RunEvent[]): number | null => {
  const ended = events.find((event) => event.type === 'round');
  const [round] = measurement.rounds;
  if (ended !== undefined && round !== undefined) return ended.atMs - round.startMs - round.durationMs;
  return events.find((event) => event.type === 'status' && event.status === 'setup')?.atMs ?? null;
};

/** Slices from one event to the next. */
const spans = (
  thread: number,
  named: readonly { atMs: number; name: string; args?: Record<string, unknown> }[],
  untilMs: number,
): TraceEvent[] =>
  named.map(({ atMs, name, args }, index) =>
    slice('run', thread, name, atMs, (named[index + 1]?.atMs ?? Math.max(atMs, untilMs)) - atMs, args),
  );

const eventsOf = (run: CompletedRun, events: readonly RunEvent[]): TraceEvent[] => {
  const startMs = startOf(run, events);
  if (startMs === null) return [];
  const last = Math.max(...events.map(({ atMs }) => atMs)) - startMs;
  const stages = events.flatMap((event) =>
    event.type === 'phase'
      ? [{ atMs: event.atMs - startMs, name: event.phase, args: { detail: event.detail ?? '' } }]
      : [],
  );
  const statuses = events.flatMap((event) =>
    event.type === 'status' ? [{ atMs: event.atMs - startMs, name: event.status }] : [],
  );
  return [
    ...spans(0, stages, last),
    ...spans(1, statuses, run.measurement.totalTimeMs),
    ...events.flatMap((event) => {
      const atMs = event.atMs - startMs;
      if (event.type === 'parameters') return [moment('source', 0, 'limits changed', atMs, event.changed)];
      if (event.type === 'switchover') return [moment('source', 0, event.order, atMs)];
      if (event.type === 'refused')
        return [moment('source', 0, 'client refused', atMs, { reason: event.reason })];
      return [];
    }),
  ];
};

const timelineOf = ({ timeline = [] }: CompletedRun): TraceEvent[] =>
  timeline.flatMap(({ at, do: action, with: what, atMs, tookMs, outcome, detail }) =>
    atMs === null ? [] : [slice('run', 2, `${action} ${what}`.trim(), atMs, tookMs ?? 0, { at, outcome, detail: detail ?? '' })],
  ); // prettier-ignore

/**
 * What happened when, on both hosts, the link and in the guest. Single messages and faults are not recorded: rounds, the
 * parts of the downtime, and counters over time are. Pure.
 * @param events of the run, as stored beside its result; empty = stages and statuses are left out
 */
export const traceOf = (run: CompletedRun, events: readonly RunEvent[]): Trace => ({
  traceEvents: [
    ...names(),
    ...eventsOf(run, events),
    ...timelineOf(run),
    ...roundsOf(run),
    ...downtimeOf(run),
    ...linkOf(run),
    ...guestOf(run),
    ...observedOf(run),
  ],
  displayTimeUnit: 'ms',
  otherData: {
    runId: run.runId,
    strategy: run.strategy,
    link: run.link.profile,
    driver: run.driver ?? '',
    startedAt: run.startedAt,
    clock: '0 is the start of the migration',
  },
});
