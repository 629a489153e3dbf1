import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { diskCounters, noneCounted, sourceCounters } from '#catalogue/counters';
import { controlMethods, parseArgument } from '#proto/control-arguments';
import { contractMethods, eventCodec, messageOfMethod, requestCodec, responseCodec } from '#proto/control-codec'; // prettier-ignore
import { parseResult } from '#proto/control-results';
import { controlContract } from '#proto/control-service';
import { noMigration } from '#proto/control';
import type { ControlMethod, ResultOf } from '#proto/control';
import { readEvent } from '#proto/event-schema';
import { validCall } from '#test/support/control-arguments';
import { fuzz } from '#test/support/fuzz';
import { paperDestination, paperSource } from '#test/support/synthetic-migration';
import { probed } from '#test/support/probed';

const sample = { atMs: 1.5, operations: 2, pagesDirtied: 3, stalledMs: 0.5 };
const counters = { bytes: 1, packets: 2, dropped: 0 };
const readBack = { sourceToDestination: 'tbf', destinationToSource: 'netem' };
const failed = { code: 'NOT_CONVERGED', message: 'too much', problems: ['a', 'b'] } as const;

const latency = { count: 2, p50Ms: 0.5, p99Ms: 1.5, maxMs: 2 };
const diskIo = {
  ...{ ioErrors: 1, staleReads: 0, firstWriteAtMs: 3, lastWriteAtMs: 4 },
  ...{ running: latency, drained: latency },
};

/** What each method may answer, with every field set. */
const results: { [M in ControlMethod]: ResultOf<M> } = {
  hello: { role: 'source', pid: 1, nodeVersion: 'v24', kernel: '6.1' },
  configureNetwork: { routes: ['a', 'b'], congestionControl: 'cubic', tcpRmem: '1 2 3', tcpWmem: '' },
  cpu: { totalS: 1.5, guestS: 0.5, rssBytes: 1e9, machineTotalS: 9.5, machineIdleS: 4.25 },
  probeServe: { udpPort: 1, tcpPort: 65_535 },
  probeRtt: probed(2, {
    lost: 5,
    lossBursts: 4,
    duplicates: 3,
    overtakes: 2,
    minMs: 1,
    p10Ms: 1.5,
    maxMs: 3,
  }),
  probeThroughput: { goodputMbps: 950.5, bytes: 2 ** 40, measuredMs: 800 },
  bootGuest: { pageCount: 4, nonZeroPages: 2, bootMs: 1 },
  startDirtyLog: { sinceStartMs: 12.5 },
  stopDirtyLog: { intervals: 3, full: true },
  startGuest: sample,
  stopGuest: sample,
  migrate: {
    ...paperSource(),
    error: failed,
    timeline: { ...paperSource().timeline, continuedAtMs: 5, drainedAtMs: 4, releasedAtMs: 6 },
    disk: noneCounted(diskCounters),
    encodedPages: { xbzrle: 3 },
    capabilities: { xbzrle: { pages: 3, overflow: 0 }, zstd: {} },
    recoveries: [{ pausedAtMs: 1, recoveredAtMs: 2, pagesLost: 3 }],
  },
  migrateSetParameters: { status: 'active' },
  migrateSetTransfer: { status: 'active' },
  migrateCancel: { status: 'cancelling' },
  migrateContinue: { status: 'device' },
  migrateStartPostcopy: { status: 'active' },
  migrateForceSwitchover: { status: 'active' },
  queryMigrate: {
    ...{
      status: 'active',
      totalTimeMs: 5,
      setupTimeMs: 1,
      downtimeMs: 2,
      expectedDowntimeMs: 3,
      mbps: 940.5,
    },
    ...{ dirtyPagesRate: 7.5, remainingBytes: 4096, ram: noneCounted(sourceCounters) },
    ...{ diskRemainingBytes: 65_536, disk: noneCounted(diskCounters) },
  },
  migrateIncoming: {
    ...paperDestination(),
    error: failed,
    timeline: { ...paperDestination().timeline, leaseAskedAtMs: 7, leasedAtMs: 8 },
  },
  ledger: { pages: 4, diskIo },
  verify: {
    ...{ pagesCompared: 4, mismatches: 2, staleReads: 0, firstMismatches: [0, 3] },
    disk: { sectorsCompared: 256, mismatches: 1, staleReads: 0, firstMismatches: [7] },
    diskIo,
  },
  probeBackends: [{ backend: 'netem', supported: false, reason: 'no' }],
  applyLink: { backend: 'nfqueue', profile: 'mine', readBack },
  cutLink: {},
  restoreLink: {},
  linkCounters: { sourceToDestination: counters, destinationToSource: counters },
  startLinkSamples: {},
  startTraffic: {},
  stopTraffic: { bytes: 24 },
  startBurners: {},
  stopBurners: {},
  countTraffic: {},
  trafficCounters: {
    ...{ toDestinationBytes: 4, toSourceBytes: 3 },
    ...{ trafficToDestinationBytes: 2, trafficToSourceBytes: 1 },
  },
  stopLinkSamples: { count: 3 },
  routeGuest: { port: 7 },
  guestRouteMoved: { atMs: 5 },
  startPings: {},
  stopPings: { sent: 2, received: 1, full: false },
  startLoad: {},
  stopLoad: { full: false },
  createDisk: { port: 7004 },
  dropDisk: {},
  storageReport: {
    fencing: true,
    leases: [
      {
        ...{
          epoch: 1,
          holder: 'source',
          grantedAtMs: 1.5,
          releasedAtMs: 4,
          firstWriteAtMs: 2,
          lastWriteAtMs: 3,
        },
        ...{ reads: 1, writes: 2, readBytes: 4096, writtenBytes: 8192, lateWritesRefused: 3 },
      },
    ],
    writersAtOnceMs: 0,
  },
};

const overTheWire = (method: ControlMethod, result: unknown): unknown =>
  responseCodec.deserialize(responseCodec.serialize({ contract: controlContract, method, result })).result;

/** `a.b.c` for every field, through lists; the contents of a map have no fixed names. */
const pathsOf = (value: unknown, at = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((each) => pathsOf(each, at));
  if (typeof value !== 'object' || value === null) return at === '' ? [] : [at];
  return [
    ...(at === '' ? [] : [at]),
    ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, at === '' ? key : `${at}.${key}`)),
  ];
};

/** @param maps paths below which the contract names nothing */
const fieldsOf = (message: protobuf.Type, maps: Set<string>, at = ''): string[] =>
  message.fieldsArray.flatMap((field) => {
    field.resolve();
    const isValues = message.fieldsArray.length === 1 && field.name === 'values';
    const path = isValues ? at : at === '' ? field.name : `${at}.${field.name}`;
    if (field.map) maps.add(path);
    const inner = field.map ? null : (field.resolvedType as protobuf.Type | null);
    return [...(isValues ? [] : [path]), ...(inner === null ? [] : fieldsOf(inner, maps, path))];
  });

const named = (paths: readonly string[], maps: ReadonlySet<string>): string[] =>
  [...new Set(paths)]
    .filter((path) => ![...maps].some((map) => map === '' || path.startsWith(`${map}.`)))
    .toSorted();

/** The names that the contract has for a method, and those of the values that pass the bounds. */
const bothNames = (of: 'Request' | 'Response', method: ControlMethod, values: readonly unknown[]) => {
  const maps = new Set<string>();
  const fields = fieldsOf(messageOfMethod(of, method), maps);
  return {
    contract: named(fields, maps),
    values: named(
      values.flatMap((value) => pathsOf(value)),
      maps,
    ),
  };
};

describe('the contract of the management plane', () => {
  test('has the methods that have bounds, and no other', () => {
    expect([...contractMethods].toSorted()).toEqual(controlMethods.toSorted());
    expect(Object.keys(results).toSorted()).toEqual(controlMethods.toSorted());
  });

  test.each(controlMethods)('%s takes the fields of its message', (method) => {
    const given = fc
      .sample(validCall, { numRuns: 4000, seed: 1 })
      .filter((call) => call.method === method)
      .map(({ argument }) => argument);
    const { contract, values } = bothNames('Request', method, given);
    expect(contract).toEqual(values);
  });

  test.each(controlMethods)('%s answers with the fields of its message', (method) => {
    const { contract, values } = bothNames('Response', method, [results[method]]);
    expect(contract).toEqual(values);
  });

  test('a field missing on either side is found (negative control)', () => {
    const { contract, values } = bothNames('Response', 'cpu', [{ totalS: 1, guestS: 1 }]);
    expect(contract).not.toEqual(values);
  });

  fuzz('an argument arrives as it was sent', validCall, ({ method, argument }) => {
    const sent = { contract: controlContract, method, argument, guestId: 'vm1', migrationId: 'm', blob: Buffer.of(7) };
    const got = requestCodec.deserialize(requestCodec.serialize(sent));
    const isSame = isDeepStrictEqual(parseArgument(method, got.argument), parseArgument(method, argument));
    return isSame && isDeepStrictEqual({ ...got, argument }, sent);
  }); // prettier-ignore

  test.each(controlMethods)('the answer to %s arrives unchanged', (method) => {
    expect(parseResult(method, overTheWire(method, results[method]))).toEqual(results[method]);
  });

  test('null arrives as null', () => {
    const timeline = { ...paperSource().timeline, activeAtMs: null, continuedAtMs: null };
    const report = { ...paperSource(), error: null, timeline };
    expect(parseResult('migrate', overTheWire('migrate', report))).toEqual(report);
    expect(parseResult('queryMigrate', overTheWire('queryMigrate', noMigration))).toEqual(noMigration);
    expect(parseResult('guestRouteMoved', overTheWire('guestRouteMoved', { atMs: null }))).toEqual({ atMs: null }); // prettier-ignore
  });

  test('a missing field is refused, and never read as zero', () => {
    const sent = requestCodec.serialize({ contract: 1, method: 'startPings', argument: { guestAddress: '10.0.0.1', port: 7 } }); // prettier-ignore
    const { argument } = requestCodec.deserialize(sent);
    expect(() => parseArgument('startPings', argument)).toThrow('intervalMs: expected a number');
    expect(() =>
      parseResult('cpu', overTheWire('cpu', { totalS: 1, guestS: 0, machineTotalS: 1, machineIdleS: 1 })),
    ).toThrow('the answer to cpu: rssBytes: expected a number from 0 up, got nothing');
  });

  test.each<[ControlMethod, object, string]>([
    ['cpu', { ...results.cpu, totalS: NaN }, 'totalS: expected a number from 0 up, got NaN'],
    ['hello', { ...results.hello, role: 'router' }, 'role: expected one of source'],
    ['queryMigrate', { status: 'gone' }, 'status: expected one of none'],
    [
      'migrateIncoming',
      { ...paperDestination(), received: { ...paperDestination().received, pages: -1 } },
      'received.pages: expected a whole number',
    ],
    ['stopPings', { sent: 2, received: 1 }, 'full: expected true or false, got nothing'],
  ])('an impossible answer to %s is refused with what was expected', (method, result, problem) => {
    expect(() => parseResult(method, overTheWire(method, result))).toThrow(problem);
    expect(() => parseResult(method, overTheWire(method, result))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }),
    );
  });

  test('events arrive unchanged, with what they are about', () => {
    const round = { round: 1, phase: 'precopy', durationMs: 2, pagesSent: 3, bytesSent: 4, pagesDirtied: 5, dirtyPagesPerSecond: 6.5, throughputMbps: 7.5 } as const; // prettier-ignore
    const events = [
      { type: 'status', atMs: 1, status: 'active', guestId: 'vm0', migrationId: 'm' },
      { type: 'parameters', atMs: 1, changed: { downtimeLimitMs: 50 } },
      { type: 'switchover', atMs: 1, order: 'postcopy' },
      { type: 'refused', atMs: 1, reason: 'expected a hello', count: 3 },
      { type: 'round', atMs: 1, ...round },
      { type: 'progress', atMs: 1, transferredBytes: 2, remainingBytes: 3, throughputMbps: 4 },
      { type: 'guest', host: 'source', running: true, ...sample, guestId: 'vm0' },
      { type: 'cut', atMs: 1, plannedMs: 2 },
      { type: 'cut-ended', atMs: 2, startedAtMs: 1 },
      { type: 'messages', atMs: 9, host: 'source', messages: [{ name: 'hello', way: 'sent', firstAtMs: 1, lastAtMs: 1, count: 1, bytes: 0 }], leftOut: 2 },
      { type: 'faults', atMs: 9, faults: [{ requestedAtMs: 1, answeredAtMs: 2.5, page: 3, vcpu: 0 }], leftOut: 0 },
      { type: 'messages', atMs: 9, host: 'destination', messages: [], leftOut: 0 },
    ]; // prettier-ignore
    for (const event of events)
      expect(readEvent(eventCodec.deserialize(eventCodec.serialize(event as never)))).toEqual(event);
  });

  fuzz('bytes that are no message throw, or are a call that is looked at', fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      const { method, argument } = requestCodec.deserialize(Buffer.from(bytes));
      return method === '' || argument !== undefined;
    } catch {
      return true;
    }
  }); // prettier-ignore
});
