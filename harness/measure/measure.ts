import type { CpuUsage, DestinationReport, DiskIoReport, HostRole, SourceReport } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { AgentEvent } from '#proto/events';
import type { TrafficCounters } from '#proto/control';
import type { LinkCounters } from '#proto/link';
import type { LinkSamples } from '#proto/link-samples';
import type { PingSamples } from '#proto/pings';
import type { StorageReport } from '#proto/storage';
import { pageSizeBytes } from '#proto/units';
import type { AgentMemory, Faults, Measurement } from '../result.ts';
import { splitDowntime } from './downtime.ts';
import { observe, pingsToDestination } from './observed.ts';
import { guestProgressOf, linkCutsOf, parameterChangesOf, recoveriesOf, roundsOf, switchoverOrderOf } from './series.ts'; // prettier-ignore
import { linkSeriesOf, pingSeriesOf, progressSeriesOf } from './time-series.ts';
import type { LinkInForce } from './links.ts';
import type { HostLoadEvidence } from './host-load.ts';
import { hostLoadOf } from './host-load.ts';
import type { TrafficEvidence } from './traffic.ts';
import { trafficOf } from './traffic.ts';
import type { ServiceEvidence } from './service.ts';
import { serviceOf } from './service.ts';
import { storageOf } from './storage.ts';
import { wireBetween } from './wire.ts';

export interface RouterEvidence {
  counters: { before: LinkCounters; after: LinkCounters };
  /** Of a run with traffic: its bytes and the link's, read together. */
  traffic?: { before: TrafficCounters; after: TrafficCounters };
  /** The counters meanwhile. */
  linkSamples: LinkSamples;
  /** When the router moved the guest's route; null while it hasn't. */
  routeMovedAtMs: number | null;
}

/** Before the migration, and right after it; null of hosts that can't know it, as models in virtual time. */
export interface CpuEvidence {
  before: Record<HostRole, CpuUsage | null>;
  after: Record<HostRole, CpuUsage | null>;
}

/** What a timeline did that others have to allow for. */
export interface TimelineEvidence {
  /** The most by which any of its entries was begun late; null = none was begun. */
  lateMs: number | null;
  /** What the link was when, by the run's clock, in order. */
  links: readonly LinkInForce[];
}

/** What the run's actors have seen, each under its name (`harness/run/actors/`). */
export interface ActorEvidence {
  events: readonly AgentEvent[];
  pings: PingSamples;
  router: RouterEvidence;
  /** Null of a run without. */
  traffic: TrafficEvidence | null;
  /** Null of hosts without a quota. */
  hostLoad: HostLoadEvidence | null;
  /** Null of a guest that is no service. */
  load: ServiceEvidence | null;
  cpu: CpuEvidence;
  /** Null of a run without. */
  timeline: TimelineEvidence | null;
}

/** What the guest met at a disk on the storage host, at either end. */
export type DiskIoEvidence = Record<'source' | 'destination', DiskIoReport>;

/** Everything that a finished migration has left: what both sides reported, and what was seen. */
export interface Collected extends ActorEvidence {
  source: SourceReport;
  destination: DestinationReport;
  deviceStateBytes: number;
  /** Pages that the guest ever wrote. */
  touchedPages: number;
  /** Null of a guest whose disk is not on the storage host. */
  storage: StorageReport | null;
  diskIo: DiskIoEvidence | null;
}

const cpuBetween = (before: CpuUsage | null, after: CpuUsage | null): Measurement['cpu']['source'] => {
  if (before === null || after === null) return { agentS: null, guestS: null, machineBusyShare: null };
  const guestS = after.guestS - before.guestS;
  const machineS = after.machineTotalS - before.machineTotalS;
  const idleS = after.machineIdleS - before.machineIdleS;
  return {
    agentS: after.totalS - before.totalS - guestS,
    guestS,
    // The kernel counts idle time anew when a CPU wakes, so that it may exceed the whole by a tick.
    machineBusyShare: machineS > 0 ? Math.min(1, Math.max(0, 1 - idleS / machineS)) : null,
  };
};

const memoryOf = (usage: CpuUsage | null, touchedPages: number): AgentMemory => {
  const touchedBytes = touchedPages * pageSizeBytes;
  if (usage === null) return { rssBytes: null, touchedBytes, aboveTouchedBytes: null };
  const { rssBytes } = usage;
  return { rssBytes, touchedBytes, aboveTouchedBytes: rssBytes - touchedBytes };
};

const ioOf = (diskIo: DiskIoEvidence | null): Pick<NonNullable<Measurement['disk']>, 'io'> =>
  diskIo === null
    ? {}
    : {
        io: {
          before: diskIo.source.running,
          during: diskIo.source.drained,
          after: diskIo.destination.running,
        },
      };

/** A percentile of no faults is no number. */
const faultsOf = ({ faults }: DestinationReport): Faults => ({
  ...faults,
  ...(faults.count === 0 ? { minUs: null, p50Us: null, p99Us: null, maxUs: null } : {}),
});

/** A moment without which a finished migration can't be measured. */
const moment = (name: string, atMs: number | null): number => {
  if (atMs === null) throw new LivemigError('PROTOCOL_VIOLATION', `a finished migration has no ${name}`);
  return atMs;
};

/** All but the limit that its downtime is held against, which is the scenario's. */
export type Measured = Omit<Measurement, 'downtimeLimit'>;

/**
 * What the migration cost, from both hosts' reports and the two outside instruments.
 * @throws LivemigError PROTOCOL_VIOLATION when a report lacks a moment that every finished migration has.
 */
export const measure = (collected: Collected): Measured => {
  const { source, destination, events, pings, router, traffic, hostLoad, load, cpu, touchedPages } =
    collected;
  const { counters, linkSamples, routeMovedAtMs } = router;
  const { startedAtMs } = source.timeline;
  const activeAtMs = moment('start of transfer', source.timeline.activeAtMs);
  const lastInstructionAtMs = moment('last instruction at the source', source.timeline.lastInstructionAtMs);
  const firstInstructionAtMs = moment('first instruction', destination.timeline.firstInstructionAtMs);
  const allPagesAtMs = moment('arrival of the last page', destination.timeline.allPagesReceivedAtMs);
  const endedAtMs = Math.max(firstInstructionAtMs, allPagesAtMs);
  const routeMovedMs = routeMovedAtMs === null ? null : routeMovedAtMs - firstInstructionAtMs;
  const rounds = roundsOf(
    events.filter((event) => event.type === 'round'),
    startedAtMs,
  );
  return {
    totalTimeMs: endedAtMs - startedAtMs,
    setupTimeMs: activeAtMs - startedAtMs,
    downtimeMs: firstInstructionAtMs - lastInstructionAtMs,
    downtimeStartMs: lastInstructionAtMs - startedAtMs,
    downtime: splitDowntime(source.timeline, destination.timeline, lastInstructionAtMs, firstInstructionAtMs),
    observed: observe(pings, { startedAtMs, endedAtMs }, routeMovedMs),
    ram: source.ram,
    ...(source.disk === undefined ? {} : { disk: { ...source.disk, ...ioOf(collected.diskIo) } }),
    encodedPages: source.encodedPages,
    received: destination.received,
    capabilities: source.capabilities,
    deviceStateBytes: collected.deviceStateBytes,
    pageGoodputMbps:
      ((source.ram.transferred + (source.disk?.transferred ?? 0)) * 8) / 1000 / (endedAtMs - activeAtMs),
    wire: wireBetween(counters, pingsToDestination(pings), router.traffic),
    ...(traffic === null ? {} : { traffic: trafficOf(traffic, { startedAtMs, endedAtMs }) }),
    ...(collected.storage === null ? {} : { storage: storageOf(collected.storage) }),
    ...(hostLoad === null ? {} : { hostLoad: hostLoadOf(hostLoad) }),
    ...(load === null
      ? {}
      : {
          service: serviceOf(load, {
            startedAtMs,
            pausedAtMs: lastInstructionAtMs,
            resumedAtMs: firstInstructionAtMs,
            endedAtMs,
            hasPostcopy: rounds.some(({ phase }) => phase === 'postcopy'),
          }),
        }),
    faults: faultsOf(destination),
    rounds,
    parameterChanges: parameterChangesOf(
      events.filter((event) => event.type === 'parameters'),
      startedAtMs,
    ),
    ...switchoverOrderOf(events, startedAtMs),
    recoveries: recoveriesOf(source),
    linkCuts: linkCutsOf(events, startedAtMs),
    guestProgress: guestProgressOf(
      events.filter((event) => event.type === 'guest'),
      startedAtMs,
    ),
    series: {
      link: linkSeriesOf(linkSamples, startedAtMs),
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
