import fc from 'fast-check';
import { capabilityDefinition, capabilityNames } from '#catalogue/capabilities';
import type { Capabilities, CapabilityValue } from '#proto/capabilities';
import type { ArgumentOf, ControlMethod } from '#proto/control';
import { contentNames } from '#catalogue/contents';
import { allWorkloadParameters, workloadNames, workloadParameters } from '#catalogue/workloads';
import { linkParameters } from '#catalogue/link-parameters';
import type { LinkParameter } from '#catalogue/link-parameters';
import type { LinkDirection } from '#proto/link';
import { backendNames } from '#proto/link';
import type { Parameter, ParameterValue, Parameters } from '#catalogue/parameter';
import { faultModes } from '#catalogue/transfer';
import { negativeControlNames, strategyNames } from '#catalogue/strategies';
import { diskStorageNames, isSharedDisk } from '#catalogue/disk-storages';
import { adjustableLimits, limits } from '#catalogue/limits';
import type { AdjustableLimits, Limits } from '#catalogue/limits';
import { trafficKinds } from '#proto/traffic';
import { gibibyte, mebibyte } from '#proto/units';

/** Every argument that a method must accept, up to its bounds. */

const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const address = fc.ipV4();
const port = integer(1, 65_535);
const nothing = fc.constant({});
const id = fc.string({ minLength: 1, maxLength: 64 });
const someText = fc.string({ minLength: 1, maxLength: 200 });
const bytes = integer(0, 16 * 1024).map((mebibytes) => mebibytes * mebibyte);
const windowBytes = integer(1, gibibyte);
const transferSizes = {
  bulkWindowBytes: windowBytes,
  roundEndWindowBytes: windowBytes,
  postcopyWindowBytes: windowBytes,
  postcopyMessageBytes: windowBytes,
  leastMessageBytes: windowBytes,
  orderBytes: integer(1, 1 << 20),
};
const fraction = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs);

const valuesOfOne = (parameter: Parameter): fc.Arbitrary<ParameterValue> => {
  if (parameter.kind === 'choice') return fc.constantFrom(...parameter.among.keys());
  const { kind, least: min, most: max, isAboveLeast: minExcluded = false } = parameter;
  return kind === 'integer' ? integer(min, max) : fc.double({ min, max, minExcluded, noNaN: true });
};
const valuesOfAll = (parameters: Parameters): fc.Arbitrary<Record<string, ParameterValue>> =>
  fc.record(Object.fromEntries(Object.entries(parameters).map(([name, each]) => [name, valuesOfOne(each)])));

const disk = fc
  .record({
    blockPower: integer(12, 20),
    blocks: integer(1, 1024),
    allocated: fraction,
    live: fc.boolean(),
    storage: fc.constantFrom(...diskStorageNames),
    incremental: fc.boolean(),
  })
  .map(({ blockPower, blocks, allocated, storage, live, incremental }) => {
    const sizeBytes = Math.max(1 << 20, blocks << blockPower);
    return {
      sizeBytes,
      allocatedBytes: Math.floor((allocated * sizeBytes) / 4096) * 4096,
      blockSizeBytes: 1 << blockPower,
      storage,
      live,
      incremental,
    };
  });
const diskLoad = {
  diskWriteRateSectorsPerSecond: integer(0, 1e6),
  diskReadRateSectorsPerSecond: integer(0, 1e6),
  diskRegionBytes: fc.constant(4096),
};

const guestWithoutDisk = fc.record({
  ramBytes: integer(1, 4 << 20).map((pages) => pages * 4096),
  vcpus: integer(1, 8),
  baseFootprintBytes: bytes,
  deviceStateBytes: integer(0, 256 * mebibyte),
  prealloc: fc.boolean(),
  seed: integer(0, 2 ** 32 - 1),
  workload: fc
    .record({
      name: fc.constantFrom(...workloadNames),
      regionBytes: bytes,
      dirtyRatePagesPerSecond: integer(0, 1e6),
      content: fc.constantFrom(...contentNames),
      own: valuesOfAll(allWorkloadParameters),
    })
    .map(({ own, ...workload }) => {
      const taken = Object.keys(workloadParameters(workload.name, own));
      return { ...workload, ...Object.fromEntries(taken.map((name) => [name, own[name]])) };
    }),
});
const guest = fc.oneof(
  guestWithoutDisk,
  fc
    .tuple(guestWithoutDisk, disk, fc.record(diskLoad))
    .map(([given, its, load]) => ({ ...given, disk: its, workload: { ...given.workload, ...load } })),
);

const adjustable = Object.fromEntries(adjustableLimits.map((name) => [name, valuesOfOne(limits[name]!)]));

const capabilities: fc.Arbitrary<Capabilities> = fc
  .subarray([...capabilityNames])
  .map((names) =>
    Object.fromEntries(
      names.map((name): [string, CapabilityValue] => [
        name,
        capabilityDefinition(name).values?.whenBare ?? true,
      ]),
    ),
  );

const storageAddress = fc.record({
  target: fc.tuple(address, port).map(([host, its]) => `${host}:${its}`),
  diskId: id,
});

const tls = fc.record({ authority: someText, certificate: someText, key: someText });

const linkValue = (parameter: LinkParameter): fc.Arbitrary<unknown> => {
  if (parameter.kind === 'choice') return fc.constantFrom(...parameter.among.keys());
  if (parameter.kind === 'group') return linkValues(parameter.parts);
  const { kind, least: min, most: max } = parameter;
  return kind === 'integer' ? integer(min, max) : fc.double({ min, max, noNaN: true }).map(Math.abs);
};
const linkValues = (parameters: Readonly<Record<string, LinkParameter>>): fc.Arbitrary<object> =>
  fc.record(
    Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, linkValue(parameter)])),
    { requiredKeys: Object.keys(parameters).filter((name) => parameters[name]?.absent === undefined) },
  );
const direction = linkValues(linkParameters) as fc.Arbitrary<LinkDirection>;

const waitMs = integer(1, 86_400_000);
const timeouts = fc.record({
  pingEveryMs: waitMs,
  answerMaxMs: waitMs,
  agreeMs: waitMs,
  connectMs: waitMs,
  attemptMs: waitMs,
  recoverMs: waitMs,
  helloMs: waitMs,
  idleMs: waitMs,
  farewellMs: waitMs,
});

const validArguments: { [M in ControlMethod]: fc.Arbitrary<ArgumentOf<M>> } = {
  hello: nothing,
  configureNetwork: fc.record(
    {
      address,
      gateway: address,
      reach: fc.array(address, { maxLength: 16 }),
      narrow: fc.record({ to: fc.array(address, { maxLength: 16 }), mtuBytes: integer(576, 1500) }),
      congestionControl: fc.constantFrom('cubic', 'bbr', 'reno', 'dctcp-reno'),
      guestAddress: fc.option(address),
    },
    { requiredKeys: ['address', 'gateway', 'reach', 'congestionControl', 'guestAddress'] },
  ),
  probeServe: fc.record({ address }),
  probeRtt: fc.record(
    {
      ...{ address, port, count: integer(1, 1000), intervalMs: integer(1, 100) },
      ...{ patienceMs: integer(0, 1_800_000), enough: integer(1, 10_000) },
    },
    { requiredKeys: ['address', 'port', 'count', 'intervalMs', 'patienceMs'] },
  ),
  probeThroughput: fc.record({
    ...{ address, port, rampMs: integer(0, 600_000), measureMs: integer(1, 600_000) },
    patienceMs: integer(1, 1_800_000),
  }),
  bootGuest: fc
    .record({ guest, address, storage: storageAddress })
    .map(({ storage, ...booted }) =>
      'disk' in booted.guest && isSharedDisk(booted.guest.disk) ? { ...booted, storage } : booted,
    ),
  startGuest: nothing,
  stopGuest: nothing,
  migrate: fc.record(
    {
      migrationId: id,
      address,
      port,
      strategy: fc.constantFrom(
        ...strategyNames,
        ...negativeControlNames,
        './mine.ts' as const,
        '/a/b.mjs' as const,
      ),
      strategyText: fc.string(),
      tls,
      limits: valuesOfAll(limits) as fc.Arbitrary<Limits>,
      transfer: fc.record({
        channels: integer(1, 16),
        faults: fc.constantFrom(...faultModes),
        dirtyBitmap: fc.boolean(),
        ...transferSizes,
      }),
      timeouts,
      capabilities,
    },
    { requiredKeys: ['migrationId', 'address', 'port', 'strategy', 'limits', 'transfer', 'capabilities'] },
  ),
  migrateSetParameters: fc
    .record(adjustable, { requiredKeys: [] })
    .filter((changed: Partial<AdjustableLimits>) => Object.keys(changed).length > 0),
  migrateSetTransfer: fc.record(transferSizes),
  migrateCancel: nothing,
  migrateContinue: nothing,
  migrateStartPostcopy: nothing,
  migrateForceSwitchover: nothing,
  queryMigrate: nothing,
  migrateIncoming: fc.record(
    { address, port, migrationId: id, announceAddress: address, announcePort: port, tls, timeouts },
    { requiredKeys: ['address', 'port', 'migrationId', 'announceAddress', 'announcePort'] },
  ),
  ledger: nothing,
  verify: nothing,
  probeBackends: nothing,
  applyLink: fc.record(
    {
      profile: fc.record({
        name: id,
        description: someText,
        sourceToDestination: direction,
        destinationToSource: direction,
      }),
      backend: fc.constantFrom(...backendNames),
      delayCorrectionMs: integer(0, 1000),
      seed: integer(0, 2 ** 32 - 1),
      interfaces: fc.record({
        towardsSource: address,
        towardsDestination: address,
        towardsObserver: address,
      }),
      isLive: fc.boolean(),
      mayHitPackets: fc.boolean(),
    },
    { requiredKeys: ['profile', 'backend', 'delayCorrectionMs', 'seed', 'interfaces'] },
  ),
  cutLink: fc.record({ between: fc.tuple(address, address), durationMs: integer(1, 600_000) }),
  restoreLink: nothing,
  linkCounters: nothing,
  startDirtyLog: fc.record({ intervalMs: integer(1, 60_000) }),
  stopDirtyLog: nothing,
  startTraffic: fc.record({
    kind: fc.constantFrom(...trafficKinds),
    port,
    address,
    peer: address,
    initiates: fc.boolean(),
    bothWays: fc.boolean(),
    rateMbps: integer(1, 100_000),
    packetBytes: integer(64, 1472),
    windowBytes: integer(0, gibibyte),
    mtuBytes: integer(576, 1500),
  }),
  stopTraffic: fc.record({ port }),
  startBurners: fc.record({
    count: integer(1, 64),
    share: fraction.map((share) => Math.max(0.001, share)),
    nice: integer(0, 19),
  }),
  stopBurners: nothing,
  countTraffic: fc.record({
    flows: fc.array(
      fc.record({
        protocol: fc.constantFrom('tcp' as const, 'udp' as const),
        port,
        headerBytes: integer(1, 1_000),
        payloadBytes: integer(1, 65_535),
      }),
      { maxLength: 4 },
    ),
  }),
  trafficCounters: nothing,
  startLinkSamples: fc.record({ intervalMs: integer(1, 60_000) }),
  stopLinkSamples: nothing,
  routeGuest: fc.record({
    guestAddress: address,
    source: address,
    destination: address,
    announceAddress: address,
  }),
  guestRouteMoved: nothing,
  startPings: fc.record({ guestAddress: address, port, intervalMs: integer(1, 1000) }),
  stopPings: fc.record({ settleMs: integer(0, 60_000) }),
  startLoad: fc.record({
    rate: integer(1, 50_000),
    arrivals: fc.constantFrom('uniform' as const, 'poisson' as const),
    timeoutMs: integer(1, 60_000),
    guestAddress: address,
    port,
    seed: integer(0, 2 ** 32 - 1),
    pageCount: integer(1, (16 * gibibyte) / 4096),
  }),
  stopLoad: nothing,
  createDisk: fc.record(
    {
      ...{ address, diskId: id, sizeBytes: fc.constant(gibibyte), seed: integer(0, 2 ** 32 - 1) },
      ...{
        allocatedBytes: integer(0, gibibyte / 4096).map((sectors) => sectors * 4096),
        fencing: fc.boolean(),
      },
    },
    { requiredKeys: ['address', 'diskId', 'sizeBytes', 'allocatedBytes', 'seed'] },
  ),
  dropDisk: fc.record({ diskId: id }),
  storageReport: fc.record({ diskId: id }),
  cpu: nothing,
};

export const validArgument = (method: ControlMethod): fc.Arbitrary<unknown> => validArguments[method];

export interface Call {
  method: ControlMethod;
  argument: unknown;
}

export const validCall: fc.Arbitrary<Call> = fc
  .constantFrom(...(Object.keys(validArguments) as ControlMethod[]))
  .chain((method) => validArguments[method].map((argument) => ({ method, argument })));

/** What programs and people get wrong, and what attackers try. */
export const absurd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null, true, '', 'x', '__proto__', 'constructor', 'toString', '127.0.0.1; reboot', -1, 0, 0.5, -5, 2 ** 31, 2 ** 32,
    2 ** 46, 2 ** 53, 1e9, 1e308, [], {}, [[]],
  ), // prettier-ignore
  fc.jsonValue(),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')),
);

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Replaces, adds or drops one member, somewhere in the tree. */
const mutated = (
  value: unknown,
  path: readonly number[],
  how: 'replace' | 'drop' | 'add',
  by: unknown,
): unknown => {
  const [step = 0, ...rest] = path;
  if (!isBranch(value)) return by;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
  const keys = Object.keys(copy);
  const key = keys[step % Math.max(1, keys.length)];
  if (how === 'add' || key === undefined)
    Object.defineProperty(copy, typeof by === 'string' ? by : 'extra', {
      value: by,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else if (rest.length > 0 && isBranch(copy[key])) copy[key] = mutated(copy[key], rest, how, by);
  else if (how === 'drop') Reflect.deleteProperty(copy, key);
  else copy[key] = by;
  return copy;
};

/** A call of a method, with something wrong in most cases. */
export const mutatedCall: fc.Arbitrary<Call> = fc
  .tuple(validCall, fc.array(fc.nat(20), { maxLength: 4 }), fc.constantFrom('replace', 'drop', 'add'), absurd)
  .map(([{ method, argument }, path, how, by]) => ({ method, argument: mutated(argument, path, how, by) }));
