import { describe, test } from '@jest/globals';
import { conformanceCases } from '../../harness/conformance/cases.ts';
import type { Simulation } from '../../harness/conformance/simulated-session.ts';
import type { TransferStrategy } from '../../hosts/ports.ts';

/** A switch of the agent, as it changes the simulation. */
export interface SwitchedTo {
  name: string;
  change: Partial<Simulation>;
}

/** The suite of `livemig check`, as tests. */
export const strategyConformance = (strategy: TransferStrategy, switchedTo?: SwitchedTo): void => {
  const { change = {}, name = 'no switch' } = switchedTo ?? {};
  describe(`strategy ${strategy.name}, ${name}`, () => {
    test.each(conformanceCases(change).map((each) => [each.name, each] as const))(
      '%s',
      async (_, { check }) => {
        await check(strategy);
      },
    );
  });
};
