import type { Capabilities, CapabilityName, CapabilityValue } from '../../proto/capabilities.ts';
import { capabilityDefinition, capabilityNames } from '../../proto/capabilities.ts';
import { defaultLimits, defaultTransfer } from '../../proto/strategy.ts';
import type { Limits, StrategyName, TransferSwitches } from '../../proto/strategy.ts';

/** With rounds enough for what needs them. */
export const combinedLimits: Partial<Limits> = { hybridRounds: 3, maxRounds: 10_000 };
/** Hybrid has everything that pre-copy and post-copy have; what refuses it goes with pre-copy. */
const strategies: readonly StrategyName[] = ['hybrid', 'pre-copy'];

export type Pair = readonly [CapabilityName, CapabilityName];

export interface Combined {
  transfer: TransferSwitches;
  capabilities: Capabilities;
}

/** What a migration with these capabilities, each as `--cap NAME`, is to be asked for. */
export const combine = (names: readonly CapabilityName[]): Combined => {
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
  const use = { strategy, limits: { ...defaultLimits, ...combinedLimits }, ...combine(names) };
  return names.flatMap((name) => capabilityDefinition(name).refuses?.(use) ?? []);
};

/** Why no migration can have them; each strategy has its own reasons. */
export const reasonsAgainst = (names: readonly CapabilityName[]): string[] =>
  strategies.map((strategy) => refusalsOf(names, strategy).join('; '));

/** A strategy that can have them; undefined = none can. */
export const strategyFor = (names: readonly CapabilityName[]): StrategyName | undefined =>
  strategies.find((strategy) => refusalsOf(names, strategy).length === 0);

const pairs: readonly Pair[] = capabilityNames.flatMap((first, index) =>
  capabilityNames.slice(index + 1).map((second): Pair => [first, second]),
);

export const allowedPairs = pairs.filter((pair) => strategyFor(pair) !== undefined);
export const refusedPairs = pairs.filter((pair) => strategyFor(pair) === undefined);

const pairsWithin = (names: readonly CapabilityName[], among: readonly Pair[]): Pair[] =>
  among.filter((pair) => pair.every((name) => names.includes(name)));

/** Combinations, each as large as can be, which together have every pair that a migration can have. Greedy. */
export const coveringCombinations = (): CapabilityName[][] => {
  const combinations: CapabilityName[][] = [];
  let open = [...allowedPairs];
  while (open[0] !== undefined) {
    const names: CapabilityName[] = [...open[0]];
    for (;;) {
      const gains = capabilityNames
        .filter((name) => !names.includes(name) && strategyFor([...names, name]) !== undefined)
        .map((name) => ({ name, gain: pairsWithin([...names, name], open).length }))
        .sort((left, right) => right.gain - left.gain);
      const [best] = gains;
      if (best === undefined) break;
      names.push(best.name);
    }
    combinations.push(names);
    const covered = new Set(pairsWithin(names, open));
    open = open.filter((pair) => !covered.has(pair));
  }
  return combinations;
};
