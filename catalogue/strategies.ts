import type { StrategyTraits, TransferStrategy } from '#hosts/ports';
import { defaultOf, definedAs, readRoom } from './room.ts';
import { negativeControls } from './strategies/parts/negative-controls.ts';
import type { StrategyDefinition } from './strategy.ts';

export const strategies = readRoom<StrategyDefinition>('strategies');
export const strategyNames: readonly string[] = [...strategies.keys()];
export const defaultStrategy = defaultOf(strategies);

/** Deliberately broken strategies: the oracles' negative controls. Never offered to users. */
export const negativeControlNames: readonly string[] = [...negativeControls.keys()];

/** A strategy or negative control by name. @throws Error if there is none */
export const strategyNamed = (name: string): TransferStrategy =>
  negativeControls.get(name) ?? definedAs(strategies, name);

/** Strategies for which the dirty bitmap only avoids resending pages: they can do without it. */
export const bitmapStrategies: readonly string[] = [...strategies.values()].flatMap(({ name, traits }) =>
  traits.noDirtyBitmap === undefined ? [name] : [],
);

/** The traits of a strategy. Nothing is rejected for traits that a strategy file doesn't state. */
export const traitsOf = (strategy: string): StrategyTraits => strategies.get(strategy)?.traits ?? {};
