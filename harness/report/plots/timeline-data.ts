import type { CompletedRun, GuestProgress } from '#harness/result';
import { mebibyte } from '#proto/units';
import { mean, thin } from './thin.ts';

/** The rows of a run's timeline; times in seconds after the migration's start. */

/** The time shown before and after the migration, for comparison. */
const marginMs = 1000;

type Rows = Readonly<Record<string, unknown>>[];

const seconds = (ms: number): number => ms / 1000;

const linkRows = (run: CompletedRun): Rows =>
  thin(run.measurement.series.link, (group) => ({
    atMs: mean(group.map(({ atMs }) => atMs)),
    sourceToDestinationMbps: mean(group.map((row) => row.sourceToDestinationMbps)),
    destinationToSourceMbps: mean(group.map((row) => row.destinationToSourceMbps)),
  })).flatMap(({ atMs, sourceToDestinationMbps, destinationToSourceMbps }) => [
    { at: seconds(atMs), direction: 'there', gbps: sourceToDestinationMbps / 1000 },
    { at: seconds(atMs), direction: 'back', gbps: destinationToSourceMbps / 1000 },
  ]);

/** Only where the guest ran: the empty shell at the destination and the remains at the source are irrelevant. */
const whereItRan = ({ measurement }: CompletedRun): GuestProgress[] => {
  const { downtimeStartMs, downtimeMs, guestProgress } = measurement;
  return guestProgress.filter(({ host, atMs }) =>
    host === 'source' ? atMs <= downtimeStartMs : atMs >= downtimeStartMs + downtimeMs,
  );
};

const guestRows = (run: CompletedRun): Rows => {
  const { totalTimeMs } = run.measurement;
  const shown = whereItRan(run).filter(({ atMs }) => atMs >= -marginMs && atMs <= totalTimeMs + marginMs);
  return (['source', 'destination'] as const).flatMap((side) =>
    thin(
      shown.filter(({ host }) => host === side),
      (group) => ({
        ...group.at(-1)!,
        operationsPerSecond: mean(group.map((row) => row.operationsPerSecond)),
        pagesDirtiedPerSecond: mean(group.map((row) => row.pagesDirtiedPerSecond)),
      }),
    ).map(({ atMs, host, operationsPerSecond, pagesDirtiedPerSecond }) => ({
      at: seconds(atMs),
      host,
      operations: operationsPerSecond,
      dirtied: pagesDirtiedPerSecond,
    })),
  );
};

const roundRows = ({ measurement }: CompletedRun): Rows =>
  thin(
    measurement.rounds.filter(({ phase }) => phase === 'precopy'),
    (group) => ({ ...group.at(-1)!, dirtyPagesPerSecond: mean(group.map((row) => row.dirtyPagesPerSecond)) }),
  ).map(({ startMs, durationMs, dirtyPagesPerSecond }) => ({
    at: seconds(startMs),
    until: seconds(startMs + durationMs),
    dirtied: dirtyPagesPerSecond,
  }));

type LaneKind = 'source' | 'destination' | 'set-up' | 'precopy' | 'postcopy' | 'cut' | 'recovery';
interface Stretch {
  lane: 'guest' | 'sending' | 'link';
  kind: LaneKind;
  startMs: number;
  endMs: number;
}

/** What happened when: where the guest ran, what the source was sending, and what befell the link. */
const laneRows = ({ measurement }: CompletedRun): Rows => {
  const { setupTimeMs, totalTimeMs, downtimeStartMs, downtimeMs, rounds, linkCuts, recoveries } = measurement;
  const resumedMs = downtimeStartMs + downtimeMs;
  const stretches: Stretch[] = [
    { lane: 'guest', kind: 'source', startMs: -marginMs, endMs: downtimeStartMs },
    { lane: 'guest', kind: 'destination', startMs: resumedMs, endMs: totalTimeMs + marginMs },
    { lane: 'sending', kind: 'set-up', startMs: 0, endMs: setupTimeMs },
    ...thin(rounds, (group) => ({
      ...group.at(-1)!,
      startMs: group[0]!.startMs,
      durationMs: group.at(-1)!.startMs + group.at(-1)!.durationMs - group[0]!.startMs,
    })).map(({ phase, startMs, durationMs }): Stretch => ({
      lane: 'sending',
      kind: phase === 'precopy' ? 'precopy' : 'postcopy',
      startMs,
      endMs: startMs + durationMs,
    })),
    ...linkCuts.map(({ startMs, durationMs, plannedMs }): Stretch => ({
      lane: 'link',
      kind: 'cut',
      startMs,
      endMs: startMs + (durationMs ?? plannedMs),
    })),
    ...recoveries.map(({ pausedMs, recoveredMs }): Stretch => ({
      lane: 'link',
      kind: 'recovery',
      startMs: pausedMs,
      endMs: recoveredMs ?? totalTimeMs,
    })),
  ];
  return stretches.map(({ lane, kind, startMs, endMs }) => ({
    lane,
    kind,
    at: seconds(startMs),
    until: seconds(endMs),
  }));
}; // prettier-ignore

const remainingRows = (run: CompletedRun): Rows =>
  thin(run.measurement.series.progress, (group) => group.at(-1)!).map(({ atMs, remainingBytes }) => ({
    at: seconds(atMs),
    remaining: remainingBytes / mebibyte,
  }));

const greatest = (values: readonly (number | null)[]): number | null => {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : Math.max(...numbers);
};

const pingRows = (run: CompletedRun): Rows =>
  thin(run.measurement.series.pings, (group) => {
    const medians = group.map(({ p50Ms }) => p50Ms).filter((value) => value !== null);
    return {
      atMs: group[0]!.atMs,
      sent: group.reduce((sum, { sent }) => sum + sent, 0),
      lost: group.reduce((sum, { lost }) => sum + lost, 0),
      p50Ms: medians.length === 0 ? null : mean(medians),
      maxMs: greatest(group.map(({ maxMs }) => maxMs)),
    };
  }).map(({ atMs, lost, p50Ms, maxMs }) => ({ at: seconds(atMs), lost, p50: p50Ms, max: maxMs }));

const faultRows = ({ measurement }: CompletedRun): Rows =>
  measurement.faults.histogram.flatMap((count, power) =>
    count === 0 ? [] : [{ fromUs: 2 ** power, untilUs: 2 ** (power + 1), count }],
  );

/** The data sets of timeline-spec.ts. */
export const timelineData = (run: CompletedRun): Readonly<Record<TimelineData, Rows>> => {
  const { downtimeStartMs, downtimeMs, totalTimeMs } = run.measurement;
  const goodputMbps = run.link.calibration?.goodputMbps;
  return {
    lanes: laneRows(run),
    link: linkRows(run),
    calibrated: goodputMbps === undefined ? [] : [{ gbps: goodputMbps / 1000 }],
    guest: guestRows(run),
    rounds: roundRows(run),
    remaining: remainingRows(run),
    pings: pingRows(run),
    faults: faultRows(run),
    band: [{ at: seconds(downtimeStartMs), until: seconds(downtimeStartMs + downtimeMs) }],
    cuts: run.measurement.linkCuts.map(({ startMs, durationMs, plannedMs }) => ({
      at: seconds(startMs),
      until: seconds(startMs + (durationMs ?? plannedMs)),
    })),
    entries: (run.timeline ?? []).flatMap(({ atMs }) => (atMs === null ? [] : [{ at: seconds(atMs) }])),
    ends: [{ at: 0 }, { at: seconds(totalTimeMs) }],
  };
};

export type TimelineData =
  | 'lanes'
  | 'link'
  | 'calibrated'
  | 'guest'
  | 'rounds'
  | 'remaining'
  | 'pings'
  | 'faults'
  | 'band'
  | 'cuts'
  | 'entries'
  | 'ends';
