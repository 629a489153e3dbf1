import { describe, expect, test } from '@jest/globals';
import type { Capabilities, CapabilityName, CapabilityValue } from '../../proto/capabilities.ts';
import { capabilityDefinition, capabilityNames } from '../../proto/capabilities.ts';
import { defaultLimits, defaultTransfer } from '../../proto/strategy.ts';
import type { Limits, StrategyName, TransferSwitches } from '../../proto/strategy.ts';
import { migrateOverLoopback } from '../support/loopback-migration.ts';

/** Every pair of capabilities that a migration can have, in one: held to the oracles. The others are refused. */

const limits: Partial<Limits> = { hybridRounds: 3, maxBandwidthMbps: 400, maxRounds: 10_000 };
/** Hybrid has everything that pre-copy and post-copy have; what refuses it goes with pre-copy. */
const strategies: readonly StrategyName[] = ['hybrid', 'pre-copy'];

interface Combined {
  transfer: TransferSwitches;
  capabilities: Capabilities;
}

const combine = (names: readonly CapabilityName[]): Combined => {
  let transfer: TransferSwitches = defaultTransfer;
  const capabilities: Capabilities = {};
  for (const name of names) {
    const { sets, values } = capabilityDefinition(name);
    const value: CapabilityValue = values?.whenBare ?? true;
    if (sets === undefined) capabilities[name] = value;
    else transfer = { ...transfer, ...sets(value) };
  }
  return { transfer, capabilities };
};

const refusalsOf = (names: readonly CapabilityName[], strategy: StrategyName): string[] => {
  const use = { strategy, limits: { ...defaultLimits, ...limits }, ...combine(names) };
  return names.flatMap((name) => capabilityDefinition(name).refuses?.(use) ?? []);
};
const strategyFor = (names: readonly CapabilityName[]): StrategyName | undefined =>
  strategies.find((strategy) => refusalsOf(names, strategy).length === 0);

const pairs = capabilityNames.flatMap((first, index) =>
  capabilityNames.slice(index + 1).map((second): [CapabilityName, CapabilityName] => [first, second]),
);
const allowed = pairs.flatMap((pair) => {
  const strategy = strategyFor(pair);
  return strategy === undefined ? [] : [[...pair, strategy] as const];
});
const refused = pairs.filter((pair) => strategyFor(pair) === undefined);

describe('pairs', () => {
  test.each(allowed)('%s and %s, %s', async (first, second, strategy) => {
    const { transfer, capabilities } = combine([first, second]);
    const zeroPageDetection = first === 'zero-page-detection' || second === 'zero-page-detection';
    const { source, destination, verified } = await migrateOverLoopback({
      strategy,
      limits: { ...limits, downtimeLimitMs: 100 },
      transfer,
      capabilities,
      zeroPageDetection,
      workload: { content: first === 'uniform-pages' ? 'uniform' : 'sparse', dirtyRatePagesPerSecond: 5000 },
    });
    expect([source.error, destination.error]).toEqual([null, null]);
    expect(verified).toMatchObject({ mismatches: 0, staleReads: 0 });
    expect(destination.duplicateArrivals).toBe(0);
  });

  test('the ones that no migration can have are these', () => {
    expect(refused).toEqual([
      ['xbzrle', 'zstd'],
      ['prepaging', 'auto-converge'],
    ]);
  });

  test.each(refused)('%s and %s are refused with a reason', (...pair) => {
    for (const strategy of strategies) expect(refusalsOf(pair, strategy).join()).toMatch(/.{20,}/);
  });
});
