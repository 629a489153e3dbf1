import type { CpuUsage, DestinationReport, HostRole, SourceReport } from '../../proto/control.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { AgentEvent } from '../../proto/events.ts';
import type { LinkCounters } from '../../proto/link.ts';
import type { LinkSamples } from '../../proto/link-samples.ts';
import type { PingSamples } from '../../proto/pings.ts';
import { pageSizeBytes } from '../../proto/units.ts';
import type { AgentMemory, Faults, Measurement } from '../result.ts';
import { splitDowntime } from './downtime.ts';
import { observe, pingsToDestination } from './observed.ts';
import { guestProgressOf, linkCutsOf, parameterChangesOf, roundsOf } from './series.ts';
import { linkSeriesOf, pingSeriesOf, progressSeriesOf } from './time-series.ts';
import { wireBetween } from './wire.ts';

/** Everything that a finished migration has left: what agents told, what router and observer saw. */
export interface Collected {
  source: SourceReport;
  destination: DestinationReport;
  events: readonly AgentEvent[];
  pings: PingSamples;
  /** When the router moved the guest's route; null while it hasn't. */
  routeMovedAtMs: number | null;
  counters: { before: LinkCounters; after: LinkCounters };
  /** The counters meanwhile. */
  linkSamples: LinkSamples;
  cpu: { before: Record<HostRole, CpuUsage>; after: Record<HostRole, CpuUsage> };
  deviceStateBytes: number;
  /** Pages that the guest ever wrote. */
  touchedPages: number;
}

const cpuBetween = (before: CpuUsage, after: CpuUsage): Measurement['cpu']['source'] => {
  const guestS = after.guestS - before.guestS;
  return { agentS: after.totalS - before.totalS - guestS, guestS };
};

const memoryOf = ({ rssBytes }: CpuUsage, touchedPages: number): AgentMemory => {
  const touchedBytes = touchedPages * pageSizeBytes;
  return { rssBytes, touchedBytes, aboveTouchedBytes: rssBytes - touchedBytes };
};

/** A percentile of no faults is no number. */
const faultsOf = ({ faults }: DestinationReport, { lateRequestsDropped }: SourceReport): Faults => ({
  ...faults,
  ...(faults.count === 0 ? { minUs: null, p50Us: null, p99Us: null, maxUs: null } : {}),
  lateRequestsDropped,
});

/** A moment without which a finished migration can't be measured. */
const moment = (name: string, atMs: number | null): number => {
  if (atMs === null) throw new LivemigError('PROTOCOL_VIOLATION', `a finished migration has no ${name}`);
  return atMs;
};

/**
 * What the migration cost, from both hosts' reports and the two outside instruments.
 * @throws LivemigError PROTOCOL_VIOLATION when a report lacks a moment that every finished migration has.
 */
export const measure = (collected: Collected): Measurement => {
  const { source, destination, events, pings, routeMovedAtMs, counters, cpu, touchedPages } = collected;
  const { startedAtMs } = source.timeline;
  const activeAtMs = moment('start of transfer', source.timeline.activeAtMs);
  const lastInstructionAtMs = moment('last instruction at the source', source.timeline.lastInstructionAtMs);
  const firstInstructionAtMs = moment('first instruction', destination.timeline.firstInstructionAtMs);
  const allPagesAtMs = moment('arrival of the last page', destination.timeline.allPagesReceivedAtMs);
  const endedAtMs = Math.max(firstInstructionAtMs, allPagesAtMs);
  const routeMovedMs = routeMovedAtMs === null ? null : routeMovedAtMs - firstInstructionAtMs;
  return {
    totalTimeMs: endedAtMs - startedAtMs,
    setupTimeMs: activeAtMs - startedAtMs,
    downtimeMs: firstInstructionAtMs - lastInstructionAtMs,
    downtimeStartMs: lastInstructionAtMs - startedAtMs,
    downtime: splitDowntime(source.timeline, destination.timeline, lastInstructionAtMs, firstInstructionAtMs),
    observed: observe(pings, { startedAtMs, endedAtMs }, routeMovedMs),
    ram: source.ram,
    capabilities: source.capabilities,
    deviceStateBytes: collected.deviceStateBytes,
    paddingBytes: source.paddingBytes,
    pageGoodputMbps: (source.ram.transferred * 8) / 1000 / (endedAtMs - activeAtMs),
    wire: wireBetween(counters.before, counters.after, pingsToDestination(pings)),
    faults: faultsOf(destination, source),
    rounds: roundsOf(
      events.filter((event) => event.type === 'round'),
      startedAtMs,
    ),
    parameterChanges: parameterChangesOf(
      events.filter((event) => event.type === 'parameters'),
      startedAtMs,
    ),
    recoveries: source.recoveries.map(({ pausedAtMs, recoveredAtMs, pagesLost }) => ({
      pausedMs: pausedAtMs - startedAtMs,
      recoveredMs: recoveredAtMs === null ? null : recoveredAtMs - startedAtMs,
      pagesLost,
    })),
    linkCuts: linkCutsOf(events, startedAtMs),
    guestProgress: guestProgressOf(
      events.filter((event) => event.type === 'guest'),
      startedAtMs,
    ),
    series: {
      link: linkSeriesOf(collected.linkSamples, startedAtMs),
      progress: progressSeriesOf(
        events.filter((event) => event.type === 'progress'),
        startedAtMs,
      ),
      pings: pingSeriesOf(pings, { startedAtMs, endedAtMs }),
    },
    cpu: {
      source: cpuBetween(cpu.before.source, cpu.after.source),
      destination: cpuBetween(cpu.before.destination, cpu.after.destination),
      wan: cpuBetween(cpu.before.wan, cpu.after.wan),
      observer: cpuBetween(cpu.before.observer, cpu.after.observer),
    },
    memory: {
      source: memoryOf(cpu.after.source, touchedPages),
      destination: memoryOf(cpu.after.destination, touchedPages),
    },
  };
};
