import type { z } from 'zod';
import type { CounterTable } from '#catalogue/counters';
import { destinationCounters, diskCounters, forEachCounter, sourceCounters } from '#catalogue/counters';
import {
  field,
  flag,
  isWithin,
  listOf,
  mapOf,
  oneOf,
  orNull,
  port,
  problemsOf,
  record,
  text,
} from './bounds.ts';
import type { ControlMethod, ResultOf } from './control.ts';
import { agentRoles } from './control.ts';
import type { ErrorDocument } from './errors.ts';
import { errorCodes, LivemigError } from './errors.ts';
import { backendNames } from './link.ts';
import { leasesMax } from './storage.ts';
import { migrationStatuses } from './strategy.ts';

/**
 * The results of every method of the management plane, with a bound on every number, text and list. The harness uses no
 * answer before it has passed these checks: a NaN in a report would end up in a measurement.
 */

const textMax = 4096;
/** Lines read back from the kernel, as tc prints them; also the number of routes. */
const readBackMax = 64 << 10;
const listMax = 1024;

const amount = () =>
  field<number>('a number from 0 up', (value) => isWithin(value, 0, Number.MAX_SAFE_INTEGER));
/** Differences, with either sign. */
const signed = () =>
  field<number>('a number', (value) => isWithin(value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
const count = () =>
  field<number>(
    'a whole number from 0 up',
    (value) => isWithin(value, 0, Number.MAX_SAFE_INTEGER) && Number.isInteger(value),
  );
const words = (most = textMax) => text('a text', 0, most);
const moment = () => orNull(signed());

/** Exactly the counters of the table. */
const countersOf = <Name extends string>(table: CounterTable<Name>) =>
  record(forEachCounter(table, (_, { unit }) => (unit === 'count' ? count() : amount())));

const nothing = record({});
const status = () => oneOf(migrationStatuses);

/** Absent and empty are the same on the wire. */
const errorSchema: z.ZodType<ErrorDocument> = record({
  code: oneOf(errorCodes),
  message: words(readBackMax),
  problems: listOf(words(), listMax).exactOptional(),
}).transform(({ problems = [], ...document }) => ({
  ...document,
  ...(problems.length > 0 ? { problems } : {}),
}));

const sample = record({
  atMs: signed(),
  operations: amount(),
  pagesDirtied: amount(),
  stalledMs: amount(),
});

const sourceReport = record({
  status: status(),
  error: orNull(errorSchema),
  timeline: record({
    startedAtMs: signed(),
    activeAtMs: moment(),
    pauseRequestedAtMs: moment(),
    lastInstructionAtMs: moment(),
    drainedAtMs: signed().exactOptional(),
    releasedAtMs: signed().exactOptional(),
    continuedAtMs: moment(),
    pagesSentAtMs: moment(),
    deviceStateSentAtMs: moment(),
    endedAtMs: signed(),
  }),
  ram: countersOf(sourceCounters),
  disk: countersOf(diskCounters).exactOptional(),
  encodedPages: mapOf(count(), listMax),
  capabilities: mapOf(mapOf(signed(), listMax), listMax),
  recoveries: listOf(
    record({ pausedAtMs: signed(), recoveredAtMs: moment(), pagesLost: count() }),
    1_000_000,
  ),
  guestRunningAtEnd: flag(),
});

const destinationReport = record({
  status: status(),
  error: orNull(errorSchema),
  timeline: record({
    connectedAtMs: moment(),
    deviceStateReceivedAtMs: moment(),
    deviceStateLoadedAtMs: moment(),
    leaseAskedAtMs: signed().exactOptional(),
    leasedAtMs: signed().exactOptional(),
    firstInstructionAtMs: moment(),
    allPagesReceivedAtMs: moment(),
    endedAtMs: signed(),
  }),
  received: countersOf(destinationCounters),
  duplicateArrivals: count(),
  faults: record({
    count: count(),
    minUs: amount(),
    p50Us: amount(),
    p99Us: amount(),
    maxUs: amount(),
    histogram: listOf(count(), 64),
    vcpuBlocktimeMs: listOf(amount(), 64),
  }),
});

const latency = () =>
  record({ count: count(), p50Ms: orNull(amount()), p99Ms: orNull(amount()), maxMs: orNull(amount()) });
const diskIo = () =>
  record({
    ioErrors: count(),
    staleReads: count(),
    firstWriteAtMs: moment(),
    lastWriteAtMs: moment(),
    running: latency(),
    drained: latency(),
  });

const counters = record({ bytes: amount(), packets: amount(), dropped: amount() });

const schemas = {
  hello: record({ role: oneOf(agentRoles), pid: count(), nodeVersion: words(), kernel: words() }),
  configureNetwork: record({
    routes: listOf(words(), listMax),
    congestionControl: words(),
    tcpRmem: words(),
    tcpWmem: words(),
  }),
  cpu: record({
    totalS: amount(),
    guestS: signed(),
    rssBytes: amount(),
    machineTotalS: amount(),
    machineIdleS: amount(),
  }),
  probeServe: record({ udpPort: port(), tcpPort: port() }),
  probeRtt: record({
    samples: count(),
    lost: count(),
    lossBursts: count(),
    duplicates: count(),
    overtakes: count(),
    minMs: amount(),
    p10Ms: amount(),
    medianMs: amount(),
    p90Ms: amount(),
    maxMs: amount(),
  }),
  probeThroughput: record({ goodputMbps: amount(), bytes: amount(), measuredMs: amount() }),
  bootGuest: record({ pageCount: count(), nonZeroPages: count(), bootMs: amount() }),
  startGuest: sample,
  stopGuest: sample,
  startDirtyLog: record({ sinceStartMs: amount() }),
  stopDirtyLog: record({ intervals: count(), full: flag() }),
  migrate: sourceReport,
  migrateSetParameters: record({ status: status() }),
  migrateSetTransfer: record({ status: status() }),
  migrateCancel: record({ status: status() }),
  migrateContinue: record({ status: status() }),
  migrateStartPostcopy: record({ status: status() }),
  migrateForceSwitchover: record({ status: status() }),
  queryMigrate: record({
    status: status(),
    totalTimeMs: orNull(amount()),
    setupTimeMs: orNull(amount()),
    downtimeMs: orNull(amount()),
    expectedDowntimeMs: orNull(amount()),
    mbps: orNull(amount()),
    dirtyPagesRate: orNull(amount()),
    remainingBytes: orNull(amount()),
    ram: orNull(countersOf(sourceCounters)),
    diskRemainingBytes: amount().exactOptional(),
    disk: countersOf(diskCounters).exactOptional(),
  }),
  migrateIncoming: destinationReport,
  ledger: record({ pages: count(), diskIo: diskIo().exactOptional() }),
  verify: record({
    pagesCompared: count(),
    mismatches: count(),
    staleReads: count(),
    firstMismatches: listOf(count(), listMax),
    disk: record({
      sectorsCompared: count(),
      mismatches: count(),
      staleReads: count(),
      firstMismatches: listOf(count(), listMax),
    }).exactOptional(),
    diskIo: diskIo().exactOptional(),
  }),
  startTraffic: nothing,
  stopTraffic: record({ bytes: count() }),
  startBurners: nothing,
  stopBurners: nothing,
  probeBackends: listOf(
    record({ backend: oneOf(backendNames), supported: flag(), reason: words(readBackMax) }),
    backendNames.length,
  ),
  applyLink: record({
    backend: oneOf(backendNames),
    profile: words(),
    readBack: record({ sourceToDestination: words(readBackMax), destinationToSource: words(readBackMax) }),
  }),
  cutLink: nothing,
  restoreLink: nothing,
  linkCounters: record({ sourceToDestination: counters, destinationToSource: counters }),
  countTraffic: nothing,
  trafficCounters: record({
    toDestinationBytes: amount(),
    toSourceBytes: amount(),
    trafficToDestinationBytes: amount(),
    trafficToSourceBytes: amount(),
  }),
  startLinkSamples: nothing,
  stopLinkSamples: record({ count: count() }),
  routeGuest: record({ port: port() }),
  guestRouteMoved: record({ atMs: moment() }),
  startPings: nothing,
  stopPings: record({ sent: count(), received: count(), full: flag() }),
  startLoad: nothing,
  stopLoad: record({ full: flag() }),
  createDisk: record({ port: port() }),
  dropDisk: nothing,
  storageReport: record({
    fencing: flag(),
    leases: listOf(
      record({
        epoch: count(),
        holder: words(),
        grantedAtMs: signed(),
        releasedAtMs: moment(),
        firstWriteAtMs: moment(),
        lastWriteAtMs: moment(),
        reads: count(),
        writes: count(),
        readBytes: count(),
        writtenBytes: count(),
        lateWritesRefused: count(),
      }),
      leasesMax,
    ),
    writersAtOnceMs: amount(),
  }),
} satisfies { [M in ControlMethod]: z.ZodType<ResultOf<M>> };

/**
 * An agent's answer, validated: a copy without unknown fields.
 * @throws LivemigError PROTOCOL_VIOLATION with all problems
 */
export const parseResult = <M extends ControlMethod>(method: M, result: unknown): ResultOf<M> => {
  const outcome = schemas[method].safeParse(result);
  if (outcome.success) return outcome.data;
  const problems = problemsOf(outcome.error);
  throw new LivemigError('PROTOCOL_VIOLATION', `the answer to ${method}: ${problems.join('; ')}`, {
    problems,
  });
};
