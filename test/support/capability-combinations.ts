import type { Capabilities } from '#proto/capabilities';
import { capabilityDefinition, capabilityNames, settingsOf, switchesOf } from '#catalogue/capabilities';
import { refusalsOf as refusalsBy } from '#catalogue/capability';
import { traitsOf } from '#catalogue/strategies';
import { defaultLimits } from '#catalogue/limits';
import type { Limits } from '#catalogue/limits';
import type { TransferSwitches } from '#proto/strategy';

/** With enough rounds for capabilities that need them. */
export const combinedLimits: Partial<Limits> = { hybridRounds: 3, maxRounds: 10_000 };
/** Hybrid has the phases of both pre-copy and post-copy; capabilities that refuse it work with pre-copy. */
const strategies: readonly string[] = ['hybrid', 'pre-copy'];

export type Pair = readonly [string, string];

export interface Combined {
  transfer: TransferSwitches;
  capabilities: Capabilities;
}

/** The order for a migration with these capabilities, each given as `--cap NAME`. */
export const combine = (names: readonly string[]): Combined => {
  const capabilities: Capabilities = Object.fromEntries(
    names.map((name) => [name, capabilityDefinition(name).values?.whenBare ?? true]),
  );
  const preempt = { 'postcopy-preempt': true as const };
  return { transfer: switchesOf({ ...preempt, ...capabilities }, true), capabilities };
};

const refusalsOf = (names: readonly string[], strategy: string): string[] => {
  const { capabilities } = combine(names);
  const use = {
    strategy,
    traits: traitsOf(strategy),
    limits: { ...defaultLimits, ...combinedLimits } as Limits,
    settings: settingsOf({ 'postcopy-preempt': true, ...capabilities }),
  };
  return names.flatMap((name) => refusalsBy(capabilityDefinition(name), use));
};

/** Why no migration can have them; each strategy has its own reasons. */
export const reasonsAgainst = (names: readonly string[]): string[] =>
  strategies.map((strategy) => refusalsOf(names, strategy).join('; '));

/** A strategy that can have them; undefined = none can. */
export const strategyFor = (names: readonly string[]): string | undefined =>
  strategies.find((strategy) => refusalsOf(names, strategy).length === 0);

const pairs: readonly Pair[] = capabilityNames.flatMap((first, index) =>
  capabilityNames.slice(index + 1).map((second): Pair => [first, second]),
);

export const allowedPairs = pairs.filter((pair) => strategyFor(pair) !== undefined);
export const refusedPairs = pairs.filter((pair) => strategyFor(pair) === undefined);

const pairsWithin = (names: readonly string[], among: readonly Pair[]): Pair[] =>
  among.filter((pair) => pair.every((name) => names.includes(name)));

/** Combinations, as large as possible, that together cover every possible pair. Greedy. */
export const coveringCombinations = (): string[][] => {
  const combinations: string[][] = [];
  let open = [...allowedPairs];
  while (open[0] !== undefined) {
    const names: string[] = [...open[0]];
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
