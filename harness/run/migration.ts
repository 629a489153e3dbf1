import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuUsage, HostRole } from '../../proto/control.ts';
import { guestPingPort, migrationPort } from '../../proto/control.ts';
import { LivemigError } from '../../proto/errors.ts';
import type { LinkCounters } from '../../proto/link.ts';
import type { LinkSamples } from '../../proto/link-samples.ts';
import { decodeLinkSamples } from '../../proto/link-samples.ts';
import type { PingSamples } from '../../proto/pings.ts';
import { decodePingSamples } from '../../proto/pings.ts';
import type { TransferConfig } from '../../proto/strategy.ts';
import type { Patience } from '../patience.ts';
import { guestConfigOf } from '../scenario.ts';
import type { Topology } from '../testbed/testbed.ts';
import { bothSides, migrationErrorOf } from './both-sides.ts';
import type { Clients } from './clients.ts';
import { anyLost, checkAborted, ofEachHost, unlessLost, untilAborted } from './clients.ts';
import type { ObserverPace } from './observer-pace.ts';
import type { RunnableScenario, RunRecord } from './record.ts';
import type { LinkFigures } from './transfer.ts';
import { migrationTimeoutMs, timeoutsOf } from './transfer.ts';

/** Enough pings for a latency before the migration, and for JITs and caches on their path. */
const leastWarmupMs = 500;
/** Fine enough for a timeline; each costs the router some 50 µs. */
const linkSampleIntervalMs = 50;
/** How long the guest runs on at the destination under the observer's eyes. */
const aftermathMs = 500;
/** Filling memory with self-verifying pages, or comparing it, takes less than 1 s a GiB on a quiet machine. */
const memoryPassMsPerGibibyte = 10_000;
const leastTimeoutMs = 30_000;
/** Ends a hang of a pass over the guest's memory; never a measurement. */
export const memoryPassTimeoutMs = ({ guest }: Pick<RunnableScenario, 'guest'>): number =>
  leastTimeoutMs + (guest.ramBytes / 2 ** 30) * memoryPassMsPerGibibyte;

/** Boots both sides and starts the guest at the source; returns where the destination announces it. */
export const bootGuests = async (
  clients: Clients,
  topology: Topology,
  scenario: RunnableScenario,
): Promise<{ announcePort: number }> => {
  const argument = { guest: guestConfigOf(scenario), address: topology.guestAddress };
  const timeoutMs = memoryPassTimeoutMs(scenario);
  await Promise.all([
    clients.source.call('bootGuest', argument, { timeoutMs }),
    clients.destination.call('bootGuest', argument, { timeoutMs }),
  ]);
  const { port } = await clients.wan.call('routeGuest', {
    guestAddress: topology.guestAddress,
    source: topology.source.address,
    destination: topology.destination.address,
    announceAddress: topology.router.towardsDestination,
  });
  await clients.source.call('startGuest', {});
  return { announcePort: port };
};

/** Lets time pass, unless the run is aborted or an agent is lost meanwhile. */
const pass = (ms: number, clients: Clients, signal: AbortSignal): Promise<void> =>
  untilAborted(unlessLost(sleep(ms), clients), signal);

/** Lets the workload run under the observer's pings, so that both are in their stride. */
export const warmUp = async (
  clients: Clients,
  topology: Topology,
  scenario: RunnableScenario,
  pace: ObserverPace,
  signal: AbortSignal,
): Promise<void> => {
  const { guestAddress } = topology;
  await clients.observer.call('startPings', {
    guestAddress,
    port: guestPingPort,
    intervalMs: pace.intervalMs,
  });
  await pass(Math.max(leastWarmupMs, scenario.warmupMs), clients, signal);
};

export interface Migrated {
  /** Null = it completed. */
  failure: unknown;
  countersBefore: LinkCounters;
  cpuBefore: Record<HostRole, CpuUsage>;
}

export const cpuOf = (clients: Clients): Promise<Record<HostRole, CpuUsage>> =>
  ofEachHost((role) => clients[role].call('cpu', {}));

/**
 * The migration itself; resolves when both sides have ended it, well or not, or are given up. What they reported is in the
 * record.
 * @throws LivemigError CANCELLED when the run is aborted meanwhile
 */
export const migrateGuest = async (
  clients: Clients,
  topology: Topology,
  announcePort: number,
  transfer: TransferConfig,
  link: LinkFigures,
  record: RunRecord,
  { signal, patience }: { signal: AbortSignal; patience: Patience },
): Promise<Migrated> => {
  const { scenario, strategyText } = record;
  const timeouts = timeoutsOf(link, transfer);
  const timeoutMs = migrationTimeoutMs(scenario, link, timeouts);
  const at = { migrationId: randomUUID(), address: topology.source.address, port: migrationPort };
  const countersBefore = await clients.wan.call('linkCounters', {});
  await clients.wan.call('startLinkSamples', { intervalMs: linkSampleIntervalMs });
  const cpuBefore = await cpuOf(clients);
  const { strategy, limits, capabilities } = scenario;
  // Only this capability needs the library behind it, which no other run is to wait for.
  const tls =
    capabilities.tls === undefined ? null : await (await import('./certificates.ts')).makeCertificates();
  const ofStrategy = strategyText === undefined ? {} : { strategyText };
  const toSource = { ...at, strategy, limits, transfer, timeouts, capabilities, ...ofStrategy };
  const toDestination = {
    ...at,
    timeouts,
    announceAddress: topology.router.towardsDestination,
    announcePort,
  };
  const outgoing = clients.source.call(
    'migrate',
    { ...toSource, ...(tls === null ? {} : { tls: tls.source }) },
    { timeoutMs },
  );
  const incoming = clients.destination.call(
    'migrateIncoming',
    { ...toDestination, ...(tls === null ? {} : { tls: tls.destination }) },
    { timeoutMs },
  );
  record.guest.migrating = true;
  const sides = await bothSides({
    outgoing,
    incoming,
    cancel: () => clients.source.call('migrateCancel', {}, { timeoutMs: patience.noticeMs }),
    bystanders: anyLost(clients, ['wan', 'observer']),
    patience,
  });
  checkAborted(signal);
  record.guest.source = record.evidence.source = sides.source.report;
  record.guest.destination = record.evidence.destination = sides.destination.report;
  record.guest.cancelRefused = sides.cancelled === 'refused';
  return { failure: migrationErrorOf(sides), countersBefore, cpuBefore };
};

export interface Observation {
  pings: PingSamples;
  routeMovedAtMs: number | null;
  countersAfter: LinkCounters;
  linkSamples: LinkSamples;
}

/** After a migration that failed, when nothing is to be collected. @returns whether the instruments are at rest. */
export const stopObserving = (clients: Clients): Promise<boolean> =>
  Promise.all([
    clients.observer.call('stopPings', { settleMs: 0 }),
    clients.wan.call('stopLinkSamples', {}),
  ]).then(
    () => true,
    () => false,
  );

/** The outside instruments' readings, after the guest has run on for a while. */
export const collect = async (
  clients: Clients,
  { settleMs }: ObserverPace,
  signal: AbortSignal,
): Promise<Observation> => {
  await pass(aftermathMs, clients, signal);
  const { blob, result } = await clients.observer.callWithBlob(
    'stopPings',
    { settleMs },
    { timeoutMs: leastTimeoutMs + settleMs },
  );
  if (result.full)
    throw new LivemigError(
      'CROSS_CHECK_FAILED',
      'the observer saw only the first 30 minutes: send its pings less often',
    );
  const link = await clients.wan.callWithBlob('stopLinkSamples', {});
  const countersAfter = await clients.wan.call('linkCounters', {});
  const { atMs } = await clients.wan.call('guestRouteMoved', {});
  return {
    pings: decodePingSamples(blob),
    routeMovedAtMs: atMs,
    countersAfter,
    linkSamples: decodeLinkSamples(link.blob),
  };
};
