import { z } from 'zod';
import { address, error, field, flag, integer, isAddress, isSocketAddress, listOf, number, oneOf, orNull, port, problemsOf, record, text, wholePages } from './bounds.ts'; // prettier-ignore
import { capabilityDefinitions, expectedValueOf, isValueOf } from '#catalogue/capabilities';
import { contentNames } from '#catalogue/contents';
import { diskStorageNames, isSharedDisk } from '#catalogue/disk-storages';
import { linkParameters } from '#catalogue/link-parameters';
import type { LinkParameter } from '#catalogue/link-parameters';
import { adjustableLimits, limits } from '#catalogue/limits';
import type { AdjustableLimits, Limits } from '#catalogue/limits';
import type { Parameter, Parameters, ParameterValue } from '#catalogue/parameter';
import { expectedOf, holds } from '#catalogue/parameter';
import { negativeControlNames, strategyNames } from '#catalogue/strategies';
import { faultModes } from '#catalogue/transfer';
import { workloadNames, workloadParameters } from '#catalogue/workloads';
import type { Capabilities, CapabilityValue } from './capabilities.ts';
import type { ArgumentOf, ControlMethod, Whom } from './control.ts';
import { LivemigError } from './errors.ts';
import { deviceStateMaxBytes, dirtyRateMaxPagesPerSecond, diskBlockMaxBytes, diskLeastBytes, diskMaxBytes, diskRateMaxSectorsPerSecond, isBlockSize, ramMaxBytes, sectorBytes, seedMax, vcpusMax } from './guest.ts'; // prettier-ignore
import type { WorkloadConfig } from './guest.ts';
import { hostCpusMax, niceMax } from './host-load.ts';
import { leastTimeouts } from './link-timeouts.ts';
import type { LinkTimeouts } from './link-timeouts.ts';
import type { LinkDirection } from './link.ts';
import { backendNames, cutMaxMs, profileDescriptionMax, profileNameMax } from './link.ts';
import { channelsMax, deviceStateChunkMaxBytes } from './migration-bounds.ts';
import { arrivals, loadRateMaxPerSecond, loadTimeoutMaxMs } from './service.ts';
import { diskIdSchema } from './storage.ts';
import { isStrategyFile, strategyTextMaxBytes } from './strategy.ts';
import { countedFlowsMax, trafficKinds, trafficPacketLeastBytes, trafficPacketMaxBytes, trafficRateMaxMbps, trafficWindowMaxBytes } from './traffic.ts'; // prettier-ignore
import { gibibyte, pageSizeBytes } from './units.ts';

/**
 * The arguments of every method of the management plane, with a bound on every number, text and list. An agent uses
 * nothing from the wire before it has passed these checks.
 */

const minuteMs = 60_000;
/** Ten times the fastest and the longest link that profiles may describe. */
const windowMaxBytes = 64 * gibibyte;

const nothing = record({});

const parameter = (declared: Parameter): z.ZodType<ParameterValue> =>
  field(expectedOf(declared), (value) => holds(declared, value));

const parametersShape = (parameters: Parameters): Record<string, z.ZodType<ParameterValue>> =>
  Object.fromEntries(Object.entries(parameters).map(([name, declared]) => [name, parameter(declared)]));

const anyWorkload = {
  name: oneOf(workloadNames),
  regionBytes: integer(0, ramMaxBytes),
  dirtyRatePagesPerSecond: number(0, dirtyRateMaxPagesPerSecond),
  content: oneOf(contentNames),
  diskWriteRateSectorsPerSecond: integer(0, diskRateMaxSectorsPerSecond).exactOptional(),
  diskReadRateSectorsPerSecond: integer(0, diskRateMaxSectorsPerSecond).exactOptional(),
  diskRegionBytes: wholePages(sectorBytes, diskMaxBytes).exactOptional(),
};

/** With all parameters of the workload that it names. */
const workload = z
  .custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null, {
    error: error('an object'),
  })
  .transform((given, context): WorkloadConfig => {
    const own = workloadParameters(String(given['name']), given);
    const outcome = record({ ...anyWorkload, ...parametersShape(own) }).safeParse(given);
    if (outcome.success) return outcome.data;
    for (const { path, message } of outcome.error.issues)
      context.addIssue({ code: 'custom', path: [...path], message });
    return z.NEVER;
  });

const disk = record({
  sizeBytes: wholePages(diskLeastBytes, diskMaxBytes),
  allocatedBytes: wholePages(0, diskMaxBytes),
  blockSizeBytes: field<number>(
    `a power of two from ${sectorBytes} to ${diskBlockMaxBytes}`,
    (value) => typeof value === 'number' && isBlockSize(value),
  ),
  storage: oneOf(diskStorageNames),
  live: flag(),
  incremental: flag(),
}).refine(
  ({ sizeBytes, allocatedBytes, blockSizeBytes }) =>
    sizeBytes % blockSizeBytes === 0 && allocatedBytes <= sizeBytes,
  { error: 'expected a size in whole blocks, and no more than that allocated' },
);

const storageAddress = record({
  target: field<string>('an IPv4 address and a port', isSocketAddress),
  diskId: diskIdSchema(),
});

const guest = record({
  ramBytes: wholePages(pageSizeBytes, ramMaxBytes),
  vcpus: integer(1, vcpusMax),
  baseFootprintBytes: integer(0, ramMaxBytes),
  deviceStateBytes: integer(0, deviceStateMaxBytes),
  prealloc: flag(),
  seed: integer(0, seedMax),
  disk: disk.exactOptional(),
  workload,
}).refine(({ disk: its, workload: { diskRegionBytes = 0 } }) => diskRegionBytes <= (its?.sizeBytes ?? 0), {
  error: 'expected a region of the disk that the disk has',
});

const limitsShape = parametersShape(limits);

const adjustable: z.ZodType<Partial<AdjustableLimits>> = record(
  Object.fromEntries(adjustableLimits.map((name) => [name, limitsShape[name]!.exactOptional()])),
).refine((changed) => Object.keys(changed).length > 0, {
  error: `expected at least one of ${adjustableLimits.join(', ')}`,
});

const capabilities: z.ZodType<Capabilities> = record(
  Object.fromEntries(
    [...capabilityDefinitions.values()].map((definition) => [
      definition.name,
      field<CapabilityValue>(expectedValueOf(definition), (value) =>
        isValueOf(definition, value),
      ).exactOptional(),
    ]),
  ),
);

const pem = () => text('PEM', 1, 64 << 10);
const tls = record({ authority: pem(), certificate: pem(), key: pem() });

const id = () => text('an id', 1, 64);
/** The path of a strategy's file is only a name here: its text is sent along. */
const pathMax = 4096;

const timeoutMaxMs = 24 * 60 * minuteMs;
const timeouts = record(
  Object.fromEntries(Object.keys(leastTimeouts).map((name) => [name, number(1, timeoutMaxMs)])) as Record<
    keyof LinkTimeouts,
    z.ZodType<number>
  >,
);

const transferSizes = {
  bulkWindowBytes: integer(1, windowMaxBytes),
  roundEndWindowBytes: integer(1, windowMaxBytes),
  postcopyWindowBytes: integer(1, windowMaxBytes),
  postcopyMessageBytes: integer(1, windowMaxBytes),
  leastMessageBytes: integer(1, windowMaxBytes),
  orderBytes: integer(1, deviceStateChunkMaxBytes),
};

const migrate = record({
  migrationId: id(),
  address: address(),
  port: port(),
  strategy: field<string>(
    `one of ${strategyNames.join(', ')}, or a file's path`,
    (value) =>
      typeof value === 'string' &&
      (strategyNames.includes(value) ||
        negativeControlNames.includes(value) ||
        (isStrategyFile(value) && value.length <= pathMax)),
  ),
  strategyText: text('TypeScript or JavaScript', 0, strategyTextMaxBytes).exactOptional(),
  tls: tls.exactOptional(),
  limits: record(limitsShape) as unknown as z.ZodType<Limits>,
  transfer: record({
    channels: integer(1, channelsMax),
    faults: oneOf(faultModes),
    dirtyBitmap: flag(),
    ...transferSizes,
  }),
  timeouts: timeouts.exactOptional(),
  capabilities,
});

const linkParameter = (declared: LinkParameter): z.ZodType => {
  if (declared.kind === 'choice') return oneOf([...declared.among.keys()]);
  if (declared.kind === 'group') return record(linkShape(declared.parts));
  const { kind, least, most } = declared;
  return kind === 'integer' ? integer(least, most) : number(least, most);
};

const linkShape = (parameters: Readonly<Record<string, LinkParameter>>): Record<string, z.ZodType> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, declared]) => {
      const schema = linkParameter(declared);
      return [name, declared.absent === undefined ? schema : schema.exactOptional()];
    }),
  );

const direction = record(linkShape(linkParameters)) as unknown as z.ZodType<LinkDirection>;

const reachMax = 16;
const countMax = 10_000;
const probeMaxMs = 10 * minuteMs;
/** Probes of the longest and slowest link, and a third attempt that takes three times as long. */
const patienceMaxMs = 30 * minuteMs;

const schemas = {
  hello: nothing,
  configureNetwork: record({
    address: address(),
    gateway: address(),
    reach: field<string[]>(
      `a list of up to ${reachMax} IPv4 addresses`,
      (value) => Array.isArray(value) && value.length <= reachMax && value.every((item) => isAddress(item)),
    ),
    narrow: record({
      to: listOf(address(), reachMax),
      mtuBytes: integer(linkParameters.mtuBytes.least, linkParameters.mtuBytes.most),
    }).exactOptional(),
    // TCP_CA_NAME_MAX of the kernel, with the final zero.
    congestionControl: field<string>(
      'the name of a TCP congestion control',
      (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{1,15}$/.test(value),
    ),
    guestAddress: orNull(address()),
  }),

  probeServe: record({ address: address() }),
  probeRtt: record({
    address: address(),
    port: port(),
    count: integer(1, countMax),
    intervalMs: number(1, minuteMs),
    patienceMs: integer(0, patienceMaxMs),
    enough: integer(1, countMax).exactOptional(),
  }).refine(({ count, intervalMs }) => count * intervalMs <= probeMaxMs, {
    error: `expected count × intervalMs of ${probeMaxMs} at most`,
  }),
  probeThroughput: record({
    address: address(),
    port: port(),
    rampMs: integer(0, probeMaxMs),
    measureMs: integer(1, probeMaxMs),
    patienceMs: integer(1, patienceMaxMs),
  }),

  bootGuest: record({ guest, address: address(), storage: storageAddress.exactOptional() }).refine(
    ({ guest: { disk: its }, storage }) => isSharedDisk(its) === (storage !== undefined),
    { error: "expected the storage's address with a disk that stays there, and only then" },
  ),
  startGuest: nothing,
  stopGuest: nothing,
  startDirtyLog: record({ intervalMs: number(1, minuteMs) }),
  stopDirtyLog: nothing,
  migrate,
  migrateSetParameters: adjustable,
  migrateSetTransfer: record(transferSizes),
  migrateCancel: nothing,
  migrateContinue: nothing,
  migrateStartPostcopy: nothing,
  migrateForceSwitchover: nothing,
  queryMigrate: nothing,
  migrateIncoming: record({
    address: address(),
    port: port(),
    migrationId: id(),
    announceAddress: address(),
    announcePort: port(),
    tls: tls.exactOptional(),
    timeouts: timeouts.exactOptional(),
  }),
  ledger: nothing,
  verify: nothing,

  startTraffic: record({
    kind: oneOf(trafficKinds),
    port: port(),
    address: address(),
    peer: address(),
    initiates: flag(),
    bothWays: flag(),
    rateMbps: number(0.001, trafficRateMaxMbps),
    packetBytes: integer(trafficPacketLeastBytes, trafficPacketMaxBytes),
    windowBytes: integer(0, trafficWindowMaxBytes),
    mtuBytes: integer(linkParameters.mtuBytes.least, linkParameters.mtuBytes.most),
  }),
  stopTraffic: record({ port: port() }),
  startBurners: record({
    count: integer(1, hostCpusMax),
    share: number(0.001, 1),
    nice: integer(0, niceMax),
  }),
  stopBurners: nothing,

  probeBackends: nothing,
  applyLink: record({
    profile: record({
      name: text('a name', 1, profileNameMax),
      description: text('a description', 0, profileDescriptionMax),
      sourceToDestination: direction,
      destinationToSource: direction,
    }),
    backend: oneOf(backendNames),
    delayCorrectionMs: number(0, 10_000),
    seed: integer(0, seedMax),
    interfaces: record({
      towardsSource: address(),
      towardsDestination: address(),
      towardsObserver: address(),
    }),
    isLive: flag().exactOptional(),
    mayHitPackets: flag().exactOptional(),
  }),
  cutLink: record({
    between: z.tuple([address(), address()], { error: error('a list of two IPv4 addresses') }),
    durationMs: number(1, cutMaxMs),
  }),
  restoreLink: nothing,
  linkCounters: nothing,
  countTraffic: record({
    flows: listOf(
      record({
        protocol: oneOf(['tcp', 'udp']),
        port: port(),
        headerBytes: integer(1, 1_000),
        payloadBytes: integer(1, 65_535),
      }),
      countedFlowsMax,
    ),
  }),
  trafficCounters: nothing,
  startLinkSamples: record({ intervalMs: number(1, minuteMs) }),
  stopLinkSamples: nothing,
  routeGuest: record({
    guestAddress: address(),
    source: address(),
    destination: address(),
    announceAddress: address(),
  }),
  guestRouteMoved: nothing,

  startPings: record({ guestAddress: address(), port: port(), intervalMs: number(0.1, minuteMs) }),
  stopPings: record({ settleMs: integer(0, minuteMs) }),
  startLoad: record({
    rate: number(0.001, loadRateMaxPerSecond),
    arrivals: oneOf(arrivals),
    timeoutMs: integer(1, loadTimeoutMaxMs),
    guestAddress: address(),
    port: port(),
    seed: integer(0, seedMax),
    pageCount: integer(1, ramMaxBytes / pageSizeBytes),
  }),
  stopLoad: nothing,

  createDisk: record({
    address: address(),
    diskId: diskIdSchema(),
    sizeBytes: wholePages(diskLeastBytes, diskMaxBytes),
    allocatedBytes: wholePages(0, diskMaxBytes),
    seed: integer(0, seedMax),
    fencing: flag().exactOptional(),
  }).refine(({ sizeBytes, allocatedBytes }) => allocatedBytes <= sizeBytes, {
    error: 'expected no more allocated than the disk has',
  }),
  dropDisk: record({ diskId: diskIdSchema() }),
  storageReport: record({ diskId: diskIdSchema() }),

  cpu: nothing,
} satisfies { [M in ControlMethod]: z.ZodType<ArgumentOf<M>> };

export const controlMethods = Object.keys(schemas) as ControlMethod[];

export const isControlMethod = (name: string): name is ControlMethod => Object.hasOwn(schemas, name);

const whomSchema = record({
  hostId: id().exactOptional(),
  guestId: id().exactOptional(),
  migrationId: id().exactOptional(),
});

/** @throws LivemigError BAD_INPUT */
export const parseWhom = ({ hostId, guestId, migrationId }: { [Name in keyof Whom]: unknown }): Whom => {
  const outcome = whomSchema.safeParse({
    ...(hostId === undefined ? {} : { hostId }),
    ...(guestId === undefined ? {} : { guestId }),
    ...(migrationId === undefined ? {} : { migrationId }),
  });
  if (outcome.success) return outcome.data;
  const problems = problemsOf(outcome.error);
  throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
};

/** Methods whose call may have a blob. */
export const methodsWithBlob: readonly ControlMethod[] = ['verify'];

/**
 * A call's argument, validated: a copy without unknown fields.
 * @throws LivemigError BAD_INPUT with all problems
 */
export const parseArgument = <M extends ControlMethod>(method: M, argument: unknown): ArgumentOf<M> => {
  const outcome = schemas[method].safeParse(argument);
  if (outcome.success) return outcome.data;
  const problems = problemsOf(outcome.error);
  throw new LivemigError('BAD_INPUT', `${method}: ${problems.join('; ')}`, { problems });
};
