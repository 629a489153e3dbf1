import { settingsOf } from '#catalogue/capabilities';
import { strategyNames } from '#catalogue/strategies';
import { migrationPort } from '#proto/control';
import { asError, codeOf, LivemigError } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import { returningShareOf } from '#proto/link';
import { isSpread } from '../testbed/round-trips.ts';
import { anyLost, checkAborted, unlessLost, unlessAborted } from './clients.ts';
import { bothSides, migrationErrorOf } from './both-sides.ts';
import type { PlannedMigration, Run, RunGuest } from './context.ts';
import { watchTimeout } from './on-timeout.ts';
import { memoryPassTimeoutMs } from './memory-pass.ts';
import type { RunnableScenario, RunRecord } from './record.ts';
import { createDisk } from './storage.ts';

/** Enough pings for a latency before the migration, and for JITs and caches on their path. */
const leastWarmupMs = 500;
/** How long the guest runs on at the destination under the observer's eyes … */
const aftermathMs = 500;
/** … unless it can answer so many pings in less: two of them lie above their 99th percentile. */
const aftermathPings = 200;

/** Boots a guest on both sides, routes its address to the source, and starts it there. */
export const bootGuest = async (run: Run, guest: RunGuest): Promise<void> => {
  const { clients, topology, scenario, announcePorts } = run;
  const storage = await createDisk(run, guest);
  const argument = {
    guest: guest.config,
    address: guest.address,
    ...(storage === null ? {} : { storage }),
  };
  const { id: guestId } = guest;
  const timeoutMs = memoryPassTimeoutMs(scenario);
  await Promise.all([
    clients.source.call('bootGuest', argument, { timeoutMs, guestId }),
    clients.destination.call('bootGuest', argument, { timeoutMs, guestId }),
  ]);
  const { port } = await clients.wan.call(
    'routeGuest',
    {
      guestAddress: guest.address,
      source: topology.source.address,
      destination: topology.destination.address,
      announceAddress: topology.router.towardsDestination,
    },
    { guestId },
  );
  announcePorts.set(guestId, port);
  await clients.source.call('startGuest', {}, { guestId });
  guest.trace.started = true;
};

/** Lets time pass, unless the run is aborted or an agent is lost meanwhile. */
export const pass = async ({ clock, clients, signal }: Run, ms: number): Promise<void> => {
  const over = new AbortController();
  try {
    await unlessAborted(unlessLost(clock.sleep(ms, over.signal), clients), signal);
  } finally {
    over.abort();
  }
};

/** How long a run's guest runs before it is migrated. */
export const warmupMsOf = ({ warmupMs }: Pick<RunnableScenario, 'warmupMs'>): number =>
  Math.max(leastWarmupMs, warmupMs);

/** Lets the workload run under the observer's pings, so that both are in their stride. */
export const warmUp = (run: Run): Promise<void> => pass(run, warmupMsOf(run.scenario));

/**
 * Whether more is to be seen after the migration than that the guest answers: what shares the link or the hosts with it or
 * writes to a disk has figures of its own for that time, a timeline may have done anything, and a strategy that isn't
 * livemig's may have left the source at work.
 */
const isWatchedLonger = ({
  strategy,
  guest,
  load,
  traffic = [],
  timeline = [],
  hosts,
}: RunnableScenario): boolean =>
  !strategyNames.includes(strategy) ||
  [guest.disk, load, hosts, ...traffic, ...timeline].some((part) => part !== undefined);

/** Where packets are lost or late by chance, so may be what moves the guest's route. */
const isLeftToChance = (profile: LinkProfile): boolean => isSpread(profile) || returningShareOf(profile) < 1;

/** How long the guest runs on at the destination after its migration, in ms. */
export const aftermathMsOf = ({
  scenario,
  profile,
  link,
}: Pick<Run, 'scenario' | 'profile' | 'link'>): number => {
  if (isWatchedLonger(scenario) || isLeftToChance(profile)) return aftermathMs;
  const { pace, calibration } = link.value;
  return Math.min(aftermathMs, aftermathPings * pace.intervalMs + calibration.rttMs);
};

/** The guest runs on at the destination for a while, so that there is something to be seen of it. */
export const runOn = (run: Run): Promise<void> => pass(run, aftermathMsOf(run));

/** That it was cancelled, and by whom, where that was the timeline. */
const cancelledByTimeline = ({ isCancelledByTimeline }: RunRecord, failure: unknown): unknown =>
  isCancelledByTimeline && codeOf(failure) === 'CANCELLED'
    ? new LivemigError('CANCELLED', "the scenario's timeline cancelled the migration: the guest runs on at the source", { cause: failure }) // prettier-ignore
    : failure;

/**
 * A migration; resolves when both sides have completed it, and they have reported.
 * @throws what ended it otherwise, with what both sides reported in the record; LivemigError CANCELLED when the run is
 * aborted meanwhile
 */
export const migrate = async (run: Run, { id, guest }: PlannedMigration): Promise<void> => {
  const { clients, topology, record, link, signal, patience, clock, announcePorts } = run;
  const { transfer, timeouts, migrationTimeoutMs: timeoutMs } = link.value;
  const at = { migrationId: id, address: topology.source.address, port: migrationPort };
  const { strategy, limits, capabilities } = record.scenario;
  // Only this capability needs the library behind it, which no other run is to wait for.
  const tls = !settingsOf(capabilities).isEncrypted
    ? null
    : await clock.during(import('./certificates.ts').then(({ makeCertificates }) => makeCertificates()));
  const ofStrategy = record.strategyText === undefined ? {} : { strategyText: record.strategyText };
  const toSource = { ...at, strategy, limits, transfer, timeouts, capabilities, ...ofStrategy };
  const toDestination = {
    ...at,
    timeouts,
    announceAddress: topology.router.towardsDestination,
    announcePort: announcePorts.get(guest.id) ?? 0,
  };
  run.orderedAtMs.set(clock.nowMs());
  const outgoing = clients.source.call(
    'migrate',
    { ...toSource, ...(tls === null ? {} : { tls: tls.source }) },
    { timeoutMs, guestId: guest.id },
  );
  const incoming = clients.destination.call(
    'migrateIncoming',
    { ...toDestination, ...(tls === null ? {} : { tls: tls.destination }) },
    { timeoutMs, guestId: guest.id },
  );
  guest.trace.migrating = true;
  const late = watchTimeout(run, id);
  const ofIt = { timeoutMs: patience.noticeMs, migrationId: id };
  const sides = await bothSides({
    outgoing,
    incoming,
    cancel: () => clients.source.call('migrateCancel', {}, ofIt),
    query: () => clients.source.call('queryMigrate', {}, ofIt),
    bystanders: anyLost(clients, ['source', 'destination']),
    patience,
    clock,
  });
  await late.end();
  checkAborted(signal);
  guest.trace.source = record.evidence.source = sides.source.report;
  guest.trace.destination = record.evidence.destination = sides.destination.report;
  guest.trace.cancelRefused = sides.cancelled === 'refused';
  const failure = cancelledByTimeline(record, late.explained(migrationErrorOf(sides)));
  if (failure !== null) throw asError(failure);
};
