import type { RunResult } from '../result.ts';
import type { TestbedLender } from '../run/loan.ts';
import type { Scenario } from '../scenario.ts';
import { chooseKept, runInKept } from './client.ts';
import type { KeptRunOptions } from './client.ts';

export interface WarmRunOptions extends KeptRunOptions {
  /** Where it gets its testbed if none is kept; absent = one of its own. */
  testbeds?: TestbedLender;
}

/**
 * Makes a run in a testbed that `livemig up` keeps, if one has what the scenario needs and is free; otherwise in one of its own.
 * @throws LivemigError BAD_INPUT; TESTBED_FAILED or TIMEOUT where the keeper is lost on the way
 */
export const runWarm = async (scenario: Scenario, options: WarmRunOptions): Promise<RunResult> => {
  const { signal, events, tell, testbeds } = options;
  const { kept, notes } = await chooseKept(scenario);
  for (const note of notes) tell(`livemig: ${note}`);
  if (kept !== null) {
    const result = await runInKept(kept, scenario, options);
    if (result !== null) return result;
    tell('livemig: the kept testbed has another run; this one brings up its own');
  }
  // Not before: what a run in a kept testbed needs of it, the keeper has loaded.
  const { runScenario } = await import('../run.ts');
  return runScenario(scenario, { signal, events, ...(testbeds === undefined ? {} : { testbeds }) });
};
