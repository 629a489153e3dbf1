import type { Downtime, LinkCut, RoundMeasurement, RunResult } from '../result.ts';
import type { Measurement } from '../result/measurement.ts';
import { recoveriesOf } from '../measure/series.ts';
import type { RunEvent } from '../run/events.ts';
import { counter, moment, namesOfTracks, slice } from './trace-format.ts';
import type { Trace, TraceEvent } from './trace-format.ts';
import { faultsOf, messagesOf } from './trace-messages.ts';

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

/** What is known of a run, however it ended; times in ms after the start of its migration. */
interface Known {
  /** Null where it was not measured to its end. */
  measurement: Measurement | null;
  rounds: readonly RoundMeasurement[];
  linkCuts: readonly LinkCut[];
  recoveries: Measurement['recoveries'];
}

const knownOf = (run: RunResult): Known => {
  if (run.state === 'completed') return { ...run.measurement, measurement: run.measurement };
  const { measurement, rounds, linkCuts, source } = run.evidence;
  return { measurement, rounds, linkCuts, recoveries: source === null ? [] : recoveriesOf(source) };
};

const downtimeOf = (measurement: Measurement): TraceEvent[] => {
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

const roundsOf = ({ rounds }: Known): TraceEvent[] =>
  rounds.map(({ round, phase, startMs, durationMs, ...figures }) =>
    slice('source', 0, `round ${round} (${phase})`, startMs, durationMs, figures),
  );

const linkOf = ({ linkCuts, recoveries }: Known): TraceEvent[] => [
  ...linkCuts.map(({ startMs, durationMs, plannedMs }) =>
    slice('link', 0, 'cut', startMs, durationMs ?? plannedMs, { plannedMs }),
  ),
  ...recoveries.map(({ pausedMs, recoveredMs, pagesLost }) =>
    recoveredMs === null
      ? moment('link', 0, 'connection lost', pausedMs, { pagesLost })
      : slice('link', 0, 'recovery', pausedMs, recoveredMs - pausedMs, { pagesLost }),
  ),
];

const throughputOf = ({ series }: Measurement): TraceEvent[] =>
  series.link.map(({ atMs, sourceToDestinationMbps, destinationToSourceMbps }) =>
    counter('link', 'throughput in Mb/s', atMs, {
      'source to destination': sourceToDestinationMbps,
      'destination to source': destinationToSourceMbps,
    }),
  );

const guestOf = ({ guestProgress, series }: Measurement): TraceEvent[] => [
  ...guestProgress.flatMap(({ atMs, host, operationsPerSecond, pagesDirtiedPerSecond, stalledMs }) => [
    counter(host, 'guest operations per s', atMs, { operations: operationsPerSecond }),
    counter(host, 'pages dirtied per s', atMs, { pages: pagesDirtiedPerSecond }),
    counter(host, 'stalled by faults in ms', atMs, { stalled: stalledMs }),
  ]),
  ...series.progress.map(({ atMs, transferredBytes, remainingBytes }) =>
    counter('source', 'bytes', atMs, { transferred: transferredBytes, remaining: remainingBytes }),
  ),
]; // prettier-ignore

const observedOf = ({ series }: Measurement): TraceEvent[] =>
  series.pings.flatMap(({ atMs, lost, p50Ms, maxMs }) => [
    counter('observer', 'pings lost', atMs, { lost }),
    ...(p50Ms === null || maxMs === null
      ? []
      : [counter('observer', 'round trip in ms', atMs, { median: p50Ms, longest: maxMs })]),
  ]);

/** When the migration began, by the clock of the events: both have the end of a round. Null: it never did. */
const startOf = ({ rounds }: Known, events: readonly RunEvent[]): number | null => {
  const ended = events.find((event) => event.type === 'round');
  const [round] = rounds;
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

const eventsOf = (
  run: RunResult,
  { measurement }: Known,
  events: readonly RunEvent[],
  startedAtMs: number | null,
): TraceEvent[] => {
  const [first] = events;
  if (first === undefined) return [];
  const startMs = startedAtMs ?? first.atMs;
  const last = events.reduce((latest, { atMs }) => Math.max(latest, atMs), first.atMs) - startMs;
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
    ...spans(1, statuses, measurement?.totalTimeMs ?? last),
    ...(run.error === null ? [] : [moment('run', 0, run.error.code, last, { message: run.error.message })]),
    ...events.flatMap((event) => {
      const atMs = event.atMs - startMs;
      if (event.type === 'parameters') return [moment('source', 0, 'limits changed', atMs, event.changed)];
      if (event.type === 'switchover') return [moment('source', 0, event.order, atMs)];
      if (event.type === 'refused')
        return [moment('source', 0, 'client refused', atMs, { reason: event.reason })];
      if (event.type === 'messages') return messagesOf(event, startMs);
      if (event.type === 'faults') return faultsOf(event, startMs);
      return [];
    }),
  ];
};

const timelineOf = ({ timeline = [] }: RunResult): TraceEvent[] =>
  timeline.flatMap(({ at, do: action, with: what, atMs, tookMs, outcome, detail }) =>
    atMs === null ? [] : [slice('run', 2, `${action} ${what}`.trim(), atMs, tookMs ?? 0, { at, outcome, detail: detail ?? '' })],
  ); // prettier-ignore

/** What the events don't tell one by one, as there is too much of it. */
const leftOutOf = (events: readonly RunEvent[]): { leftOut?: string } => {
  const leftOut = events
    .flatMap((event) => {
      if (event.type !== 'messages' && event.type !== 'faults') return [];
      const whose = event.type === 'faults' ? 'faults' : `messages of the ${event.host}`;
      return event.leftOut > 0 ? [`${event.leftOut} ${whose}`] : [];
    })
    .join(', ');
  return leftOut === '' ? {} : { leftOut };
};

/**
 * What happened when, on both hosts, the link and in the guest, as far as is known: also of a run that didn't complete.
 * Pure.
 * @param events of the run, as stored beside its result: stages, statuses, messages and demand faults come from them
 */
export const traceOf = (run: RunResult, events: readonly RunEvent[]): Trace => {
  const known = knownOf(run);
  const { measurement } = known;
  const startedAtMs = startOf(known, events);
  const isStarted = measurement !== null || startedAtMs !== null;
  return {
    traceEvents: [
      ...namesOfTracks(),
      ...eventsOf(run, known, events, startedAtMs),
      ...timelineOf(run),
      ...roundsOf(known),
      ...linkOf(known),
      ...(measurement === null
        ? []
        : [downtimeOf, throughputOf, guestOf, observedOf].flatMap((tracesOf) => tracesOf(measurement))),
    ],
    displayTimeUnit: 'ms',
    otherData: {
      runId: run.runId,
      state: run.state,
      strategy: run.strategy,
      link: run.link.profile,
      driver: run.driver ?? '',
      startedAt: run.startedAt,
      clock: isStarted ? '0 is the start of the migration' : '0 is the first event: no migration was started',
      ...leftOutOf(events),
    },
  };
};
