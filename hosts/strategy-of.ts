import { negativeControlNames, strategyNamed } from '#catalogue/strategies';
import type { MigrateArguments } from '#proto/control';
import { isStrategyFile } from '#proto/strategy';
import { lawful } from './legal-order.ts';
import type { TransferStrategy } from './ports.ts';
import { importStrategy } from './strategy-file.ts';

/** The strategy that a migration names, or brings. @throws LivemigError BAD_INPUT if its file exports none */
export const strategyOf = async ({
  strategy,
  strategyText = '',
}: MigrateArguments): Promise<TransferStrategy> => {
  // The negative controls must reach the oracles, not the guard.
  if (negativeControlNames.includes(strategy)) return strategyNamed(strategy);
  return lawful(
    isStrategyFile(strategy) ? await importStrategy(strategy, strategyText) : strategyNamed(strategy),
  );
};
