import fc from 'fast-check';
import { capabilityDefinition, capabilityNames } from '../../proto/capabilities.ts';
import type { Capabilities, CapabilityValue } from '../../proto/capabilities.ts';
import type { ArgumentOf, ControlMethod } from '../../proto/control.ts';
import { readPatterns, workloadContents, workloadNames } from '../../proto/guest.ts';
import { backendNames } from '../../proto/link.ts';
import { convergenceRules, faultModes, negativeControlNames, strategyNames } from '../../proto/strategy.ts';
import type { AdjustableLimits } from '../../proto/strategy.ts';
import { gibibyte, mebibyte } from '../../proto/units.ts';

/** Every argument that a method must take, to its bounds. */

const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const address = fc.ipV4();
const port = integer(1, 65_535);
const nothing = fc.constant({});
const id = fc.string({ minLength: 1, maxLength: 64 });
const someText = fc.string({ minLength: 1, maxLength: 200 });
const bytes = integer(0, 16 * 1024).map((mebibytes) => mebibytes * mebibyte);
const windowBytes = integer(1, gibibyte);
const fraction = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs);

const guest = fc.record({
  ramBytes: integer(1, 4 << 20).map((pages) => pages * 4096),
  vcpus: integer(1, 8),
  baseFootprintBytes: bytes,
  deviceStateBytes: integer(0, 256 * mebibyte),
  prealloc: fc.boolean(),
  seed: integer(0, 2 ** 32 - 1),
  workload: fc.record({
    name: fc.constantFrom(...workloadNames),
    regionBytes: bytes,
    dirtyRatePagesPerSecond: integer(0, 1e6),
    pattern: fc.constantFrom(...readPatterns),
    hotWriteFraction: fraction,
    hotRegionFraction: fraction,
    content: fc.constantFrom(...workloadContents),
  }),
});

const adjustable = {
  downtimeLimitMs: integer(1, 2_000_000),
  maxBandwidthMbps: integer(0, 100_000),
  maxPostcopyBandwidthMbps: integer(0, 100_000),
  availSwitchoverBandwidthMbps: integer(0, 100_000),
};

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

const tls = fc.record({ authority: someText, certificate: someText, key: someText });

const direction = fc.record({
  rateMbps: integer(1, 100_000),
  delayMs: integer(0, 1000),
  jitterMs: integer(0, 1000),
  lossPercent: fraction.map((share) => share * 50),
  bufferMs: integer(1, 10_000),
});

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
  configureNetwork: fc.record({
    address,
    gateway: address,
    reach: fc.array(address, { maxLength: 16 }),
    congestionControl: fc.constantFrom('cubic', 'bbr', 'reno', 'dctcp-reno'),
    guestAddress: fc.option(address),
  }),
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
  bootGuest: fc.record({ guest, address }),
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
      limits: fc.record({
        ...adjustable,
        convergence: fc.constantFrom(...convergenceRules),
        stallWindowMs: integer(1, 600_000),
        maxRounds: integer(1, 10_000),
        maxPrecopyMs: integer(1, 3_600_000),
        hybridRounds: integer(1, 100),
        postcopyPushDelayMs: integer(0, 600_000),
      }),
      transfer: fc.record({
        channels: integer(1, 16),
        faults: fc.constantFrom(...faultModes),
        dirtyBitmap: fc.boolean(),
        uniformPages: fc.boolean(),
        bulkWindowBytes: windowBytes,
        roundEndWindowBytes: windowBytes,
        postcopyWindowBytes: windowBytes,
        postcopyMessageBytes: windowBytes,
        leastMessageBytes: windowBytes,
        orderBytes: integer(1, 1 << 20),
      }),
      timeouts,
      capabilities,
    },
    { requiredKeys: ['migrationId', 'address', 'port', 'strategy', 'limits', 'transfer', 'capabilities'] },
  ),
  migrateSetParameters: fc
    .record(adjustable, { requiredKeys: [] })
    .filter((changed: Partial<AdjustableLimits>) => Object.keys(changed).length > 0),
  migrateCancel: nothing,
  migrateContinue: nothing,
  queryMigrate: nothing,
  migrateIncoming: fc.record(
    { address, port, migrationId: id, announceAddress: address, announcePort: port, tls, timeouts },
    { requiredKeys: ['address', 'port', 'migrationId', 'announceAddress', 'announcePort'] },
  ),
  ledger: nothing,
  verify: nothing,
  probeBackends: nothing,
  applyLink: fc.record({
    profile: fc.record({
      name: id,
      description: someText,
      sourceToDestination: direction,
      destinationToSource: direction,
    }),
    backend: fc.constantFrom(...backendNames),
    delayCorrectionMs: integer(0, 1000),
    interfaces: fc.record({
      towardsSource: address,
      towardsDestination: address,
      towardsObserver: address,
    }),
  }),
  cutLink: fc.record({ between: fc.tuple(address, address), durationMs: integer(1, 600_000) }),
  linkCounters: nothing,
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
  cpu: nothing,
};

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

/** A call that a method takes, with something wrong about it in most cases. */
export const mutatedCall: fc.Arbitrary<Call> = fc
  .tuple(validCall, fc.array(fc.nat(20), { maxLength: 4 }), fc.constantFrom('replace', 'drop', 'add'), absurd)
  .map(([{ method, argument }, path, how, by]) => ({ method, argument: mutated(argument, path, how, by) }));
