import type { SourceReport } from '#proto/control';
import type { AgentEvent, GuestEvent, ParametersEvent, RoundEvent } from '#proto/events';
import type { GuestProgress, LinkCut, Measurement, ParameterChange, RoundMeasurement } from '../result.ts';

/** Rounds in the order in which they ended, their times counted from the migration's start. */
export const roundsOf = (events: readonly RoundEvent[], startedAtMs: number): RoundMeasurement[] =>
  events.map((event) => ({
    round: event.round,
    phase: event.phase,
    startMs: event.atMs - event.durationMs - startedAtMs,
    durationMs: event.durationMs,
    pagesSent: event.pagesSent,
    bytesSent: event.bytesSent,
    pagesDirtied: event.pagesDirtied,
    dirtyPagesPerSecond: event.dirtyPagesPerSecond,
    throughputMbps: event.throughputMbps,
  }));

export const parameterChangesOf = (
  events: readonly ParametersEvent[],
  startedAtMs: number,
): ParameterChange[] => events.map(({ atMs, changed }) => ({ atMs: atMs - startedAtMs, changed }));

/** At most one is accepted. */
export const switchoverOrderOf = (
  events: readonly AgentEvent[],
  startedAtMs: number,
): Pick<Measurement, 'switchoverOrder'> => {
  const ordered = events.find((event) => event.type === 'switchover');
  return ordered === undefined
    ? {}
    : { switchoverOrder: { atMs: ordered.atMs - startedAtMs, order: ordered.order } };
};

/** When nothing passed between the two hosts. */
export const linkCutsOf = (events: readonly AgentEvent[], startedAtMs: number): LinkCut[] => {
  const ended = new Map(
    events.filter((event) => event.type === 'cut-ended').map((event) => [event.startedAtMs, event.atMs]),
  );
  return events
    .filter((event) => event.type === 'cut')
    .map(({ atMs, plannedMs }) => {
      const endedAtMs = ended.get(atMs);
      return {
        startMs: atMs - startedAtMs,
        durationMs: endedAtMs === undefined ? null : endedAtMs - atMs,
        plannedMs,
      };
    });
};

/**
 * The guest's rates between its samples. Its counters count per host, so each host's samples are taken by themselves,
 * and a host's first sample only opens an interval.
 */
export const guestProgressOf = (events: readonly GuestEvent[], startedAtMs: number): GuestProgress[] => {
  const previous = new Map<GuestEvent['host'], GuestEvent>();
  const progress: GuestProgress[] = [];
  for (const event of events) {
    const last = previous.get(event.host);
    previous.set(event.host, event);
    const seconds = last === undefined ? 0 : (event.atMs - last.atMs) / 1000;
    if (last === undefined || seconds <= 0) continue;
    progress.push({
      atMs: event.atMs - startedAtMs,
      host: event.host,
      operationsPerSecond: (event.operations - last.operations) / seconds,
      pagesDirtiedPerSecond: (event.pagesDirtied - last.pagesDirtied) / seconds,
      stalledMs: event.stalledMs - last.stalledMs,
    });
  }
  return progress.sort((a, b) => a.atMs - b.atMs);
};

/** Each loss of the connection, by the migration's own time. */
export const recoveriesOf = ({
  recoveries,
  timeline: { startedAtMs },
}: Pick<SourceReport, 'recoveries' | 'timeline'>): Measurement['recoveries'] =>
  recoveries.map(({ pausedAtMs, recoveredAtMs, pagesLost }) => ({
    pausedMs: pausedAtMs - startedAtMs,
    recoveredMs: recoveredAtMs === null ? null : recoveredAtMs - startedAtMs,
    pagesLost,
  }));
