import { isIPv4 } from 'node:net';
import { z } from 'zod';
import type { CapabilityName, CapabilityValue } from './capabilities.ts';
import { capabilityDefinition, capabilityNames } from './capabilities.ts';
import type { ArgumentOf, ControlMethod, MigrateArguments } from './control.ts';
import { LivemigError } from './errors.ts';
import { readPatterns, workloadContents, workloadNames } from './guest.ts';
import { leastTimeouts } from './link-timeouts.ts';
import type { LinkTimeouts } from './link-timeouts.ts';
import { backendNames } from './link.ts';
import {
  adjustableLimits,
  convergenceRules,
  faultModes,
  isStrategyFile,
  negativeControlNames,
  strategyNames,
} from './strategy.ts';
import { gibibyte, mebibyte, pageSizeBytes } from './units.ts';

/**
 * What every method of the management plane takes, with a bound on every number, text and list. An agent looks at
 * nothing that came over the wire before it has passed here.
 */

const textShown = 60;
/** Of an argument that is wrong all over. */
const problemsShown = 20;

const cut = (text: string): string => (text.length > textShown ? `${text.slice(0, textShown)}…` : text);

/** In a few words: what came may be of any size and depth. */
const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return 'an object';
};

const error =
  (expected: string) =>
  ({ input }: { input?: unknown }): string =>
    `expected ${expected}, got ${shown(input)}`;

const field = <T>(expected: string, holds: (value: unknown) => boolean): z.ZodType<T> =>
  z.custom<T>(holds, { error: error(expected) });

const isWithin = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && value >= least && value <= most;

const number = (least: number, most: number) =>
  field<number>(`a number from ${least} to ${most}`, (value) => isWithin(value, least, most));
const integer = (least: number, most: number) =>
  field<number>(
    `a whole number from ${least} to ${most}`,
    (value) => isWithin(value, least, most) && Number.isInteger(value),
  );
const wholePages = (least: number, most: number) =>
  field<number>(
    `bytes from ${least} to ${most}, a multiple of ${pageSizeBytes}`,
    (value) => isWithin(value, least, most) && value % pageSizeBytes === 0,
  );
const flag = () => field<boolean>('true or false', (value) => typeof value === 'boolean');
const oneOf = <T extends string>(names: readonly T[]) =>
  field<T>(`one of ${names.join(', ')}`, (value) => names.includes(value as T));
const text = (expected: string, least: number, most: number) =>
  field<string>(
    `${expected} of ${least} to ${most} characters`,
    (value) => typeof value === 'string' && value.length >= least && value.length <= most,
  );
const isAddress = (value: unknown): boolean => typeof value === 'string' && isIPv4(value);
const address = () => field<string>('an IPv4 address', isAddress);
const port = () => integer(1, 65_535);

const record = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown ${issue.keys.slice(0, 3).map(shown).join(', ')}; known: ${cut(Object.keys(shape).join(', ')) || 'none'}`
        : error('an object')(issue),
  });

const minuteMs = 60_000;
/** The fastest and the farthest link that profiles may describe are a tenth of these. */
const windowMaxBytes = 64 * gibibyte;
const bandwidthMbps = () => number(0, 1_000_000);

const nothing = record({});

const guest = record({
  ramBytes: wholePages(pageSizeBytes, 16 * gibibyte),
  vcpus: integer(1, 8),
  baseFootprintBytes: integer(0, 16 * gibibyte),
  deviceStateBytes: integer(0, 256 * mebibyte),
  prealloc: flag(),
  seed: integer(0, 2 ** 32 - 1),
  workload: record({
    name: oneOf(workloadNames),
    regionBytes: integer(0, 16 * gibibyte),
    dirtyRatePagesPerSecond: number(0, 1e9),
    pattern: oneOf(readPatterns),
    hotWriteFraction: number(0, 1),
    hotRegionFraction: number(0, 1),
    content: oneOf(workloadContents),
  }),
});

const limits = {
  downtimeLimitMs: number(0, 2_000_000),
  convergence: oneOf(convergenceRules),
  stallWindowMs: number(1, 60 * minuteMs),
  maxRounds: integer(1, 1_000_000),
  maxPrecopyMs: number(1, 24 * 60 * minuteMs),
  hybridRounds: integer(1, 1000),
  postcopyPushDelayMs: number(0, 60 * minuteMs),
  maxBandwidthMbps: bandwidthMbps(),
  maxPostcopyBandwidthMbps: bandwidthMbps(),
  availSwitchoverBandwidthMbps: bandwidthMbps(),
};

const adjustable = record(
  Object.fromEntries(adjustableLimits.map((name) => [name, limits[name].exactOptional()])) as Record<
    (typeof adjustableLimits)[number],
    z.ZodExactOptional<z.ZodType<number>>
  >,
).refine((changed) => Object.keys(changed).length > 0, {
  error: `expected at least one of ${adjustableLimits.join(', ')}`,
});

const capabilityValue = (name: CapabilityName): z.ZodType<CapabilityValue> => {
  const { values } = capabilityDefinition(name);
  if (values === undefined) return field('true', (value) => value === true);
  const { least = 1, most = 0, words = [] } = values;
  const range = least <= most ? [`a whole number from ${least} to ${most}`] : [];
  return field(
    [...range, ...words].join(', '),
    (value) => words.includes(value as string) || (isWithin(value, least, most) && Number.isInteger(value)),
  );
};

const capabilities = record(
  Object.fromEntries(capabilityNames.map((name) => [name, capabilityValue(name).exactOptional()])) as Record<
    CapabilityName,
    z.ZodExactOptional<z.ZodType<CapabilityValue>>
  >,
);

const pem = () => text('PEM', 1, 64 << 10);
const tls = record({ authority: pem(), certificate: pem(), key: pem() });

const migrationId = () => text('an id', 1, 64);
/** The path of a strategy's file is a name here, and no more: its text comes along. */
const pathMax = 4096;

const timeoutMaxMs = 24 * 60 * minuteMs;
const timeouts = record(
  Object.fromEntries(Object.keys(leastTimeouts).map((name) => [name, number(1, timeoutMaxMs)])) as Record<
    keyof LinkTimeouts,
    z.ZodType<number>
  >,
);

const migrate = record({
  migrationId: migrationId(),
  address: address(),
  port: port(),
  strategy: field<MigrateArguments['strategy']>(
    `one of ${strategyNames.join(', ')}, or a file's path`,
    (value) =>
      typeof value === 'string' &&
      (strategyNames.includes(value as never) ||
        negativeControlNames.includes(value as never) ||
        (isStrategyFile(value) && value.length <= pathMax)),
  ),
  strategyText: text('TypeScript or JavaScript', 0, 512 << 10).exactOptional(),
  tls: tls.exactOptional(),
  limits: record(limits),
  transfer: record({
    channels: integer(1, 16),
    faults: oneOf(faultModes),
    dirtyBitmap: flag(),
    uniformPages: flag(),
    bulkWindowBytes: integer(1, windowMaxBytes),
    roundEndWindowBytes: integer(1, windowMaxBytes),
    postcopyWindowBytes: integer(1, windowMaxBytes),
    postcopyMessageBytes: integer(1, windowMaxBytes),
    leastMessageBytes: integer(1, windowMaxBytes),
    orderBytes: integer(1, mebibyte),
  }),
  timeouts: timeouts.exactOptional(),
  capabilities,
});

const direction = record({
  rateMbps: number(0.001, 1_000_000),
  delayMs: number(0, 10_000),
  jitterMs: number(0, 10_000),
  lossPercent: number(0, 100),
  bufferMs: number(0.001, 60_000),
});

const reachMax = 16;
const countMax = 10_000;
const probeMaxMs = 10 * minuteMs;
/** Probes of the longest and slowest link there is, and a third try that takes three times as long. */
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
    // TCP_CA_NAME_MAX of the kernel, with the final zero.
    congestionControl: field<string>(
      'the name of a TCP congestion control',
      (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{1,15}$/.test(value),
    ),
    guestAddress: address().nullable(),
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

  bootGuest: record({ guest, address: address() }),
  startGuest: nothing,
  stopGuest: nothing,
  migrate,
  migrateSetParameters: adjustable,
  migrateCancel: nothing,
  migrateContinue: nothing,
  queryMigrate: nothing,
  migrateIncoming: record({
    address: address(),
    port: port(),
    migrationId: migrationId(),
    announceAddress: address(),
    announcePort: port(),
    tls: tls.exactOptional(),
    timeouts: timeouts.exactOptional(),
  }),
  ledger: nothing,
  verify: nothing,

  probeBackends: nothing,
  applyLink: record({
    profile: record({
      name: text('a name', 1, 128),
      description: text('a description', 0, 4096),
      sourceToDestination: direction,
      destinationToSource: direction,
    }),
    backend: oneOf(backendNames),
    delayCorrectionMs: number(0, 10_000),
    interfaces: record({
      towardsSource: address(),
      towardsDestination: address(),
      towardsObserver: address(),
    }),
  }),
  cutLink: record({
    between: z.tuple([address(), address()], { error: error('a list of two IPv4 addresses') }),
    durationMs: number(1, 10 * minuteMs),
  }),
  linkCounters: nothing,
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

  cpu: nothing,
} satisfies { [M in ControlMethod]: z.ZodType<ArgumentOf<M>> };

export const controlMethods = Object.keys(schemas) as ControlMethod[];

export const isControlMethod = (name: string): name is ControlMethod => Object.hasOwn(schemas, name);

/** Methods whose call may bring a blob. */
export const methodsWithBlob: readonly ControlMethod[] = ['verify'];

/**
 * What a call brought, as the method wants it: a copy that holds nothing else.
 * @throws LivemigError BAD_INPUT with every problem of it
 */
export const parseArgument = <M extends ControlMethod>(method: M, argument: unknown): ArgumentOf<M> => {
  const outcome = schemas[method].safeParse(argument);
  if (outcome.success) return outcome.data;
  const all = outcome.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  const more = all.length > problemsShown ? [`and ${all.length - problemsShown} more`] : [];
  const problems = [...all.slice(0, problemsShown), ...more];
  throw new LivemigError('BAD_INPUT', `${method}: ${problems.join('; ')}`, { problems });
};
