import type { StrategyTraits } from '#hosts/ports';
import type { ScenarioDocument } from './schema.ts';
import type { Scenario } from './types.ts';

/** A rule over several fields. It is skipped if a field or section that it `reads` is itself invalid. */
export interface CrossCheck {
  reads: readonly string[];
  /** The problem or problems; nothing = none. */
  problem: (
    scenario: Scenario,
    document: ScenarioDocument,
    traits: StrategyTraits,
  ) => string | readonly string[] | undefined;
}
