import { describe, expect, test } from '@jest/globals';
import { conformanceCases, failureIn } from '#harness/conformance/cases';
import type { Trial } from '#harness/conformance/trial';
import type { TransferStrategy } from '#hosts/ports';

/** A switch of the agent, as it changes the trial. */
export interface SwitchedTo {
  name: string;
  change: Partial<Trial>;
}

/** With a switch, this many random guests are enough: there are twenty switches. */
const switchedGuests = 40;

/** The suite of `livemig check`, as tests. */
export const strategyConformance = (strategy: TransferStrategy, switchedTo?: SwitchedTo): void => {
  const { change = {}, name = 'no switch' } = switchedTo ?? {};
  describe(`strategy ${strategy.name}, ${name}`, () => {
    const options = switchedTo === undefined ? {} : { switches: change, randomGuests: switchedGuests };
    const cases = conformanceCases(options);
    test.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
      const failing = await failureIn(each, strategy);
      expect({ breaches: failing?.breaches, of: failing?.observed.attempt }).toEqual({});
    });
  });
};
