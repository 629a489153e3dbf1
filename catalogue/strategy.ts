import type { MigrationSession, StrategyTraits, TransferStrategy } from '#hosts/ports';
import type { Parameters, ValuesOf } from './parameter.ts';
import { valuesOf } from './parameter.ts';
import type { Definition } from './room.ts';

/** A way to move a guest. */
export interface StrategyDefinition extends Definition, TransferStrategy {
  /** Its parameters, which a scenario sets in `limits`. */
  readonly parameters: Parameters;
  readonly traits: StrategyTraits;
  /** Estimated times that the workload's region is resent, to estimate how long a migration takes. */
  readonly resentRegions: number;
}

export const defineStrategy = <const P extends Parameters>(definition: {
  name: string;
  help: string;
  isDefault?: true;
  parameters: P;
  traits: StrategyTraits;
  resentRegions: number;
  migrate(session: MigrationSession, signal: AbortSignal, parameters: ValuesOf<P>): Promise<void>;
}): StrategyDefinition => ({
  ...definition,
  migrate: (session, signal) =>
    definition.migrate(session, signal, valuesOf(definition.parameters, session.limits)),
});
