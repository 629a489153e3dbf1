import { LivemigError } from '#proto/errors';
import { KeptTestbed } from '../run/kept-testbed.ts';
import { chooseDriver } from '../testbed/index.ts';
import type { DriverName } from '../testbed/testbed.ts';
import { driverNames } from '../testbed/testbed.ts';
import { observed } from './observed.ts';
import type { Running, RunSettings, ScenarioInput } from './run.ts';
import { runWith } from './run.ts';

export interface TestbedSettings {
  /** Default `auto`: docker if an engine answers, else netns. */
  driver?: DriverName | 'auto';
}

/** A testbed for run after run; disposing ends the run under way, and takes the testbed down. */
export interface OpenTestbed extends AsyncDisposable {
  /** What `auto` came to. */
  readonly driver: DriverName;
  /**
   * As `run` does, but the hosts stay up for the next run over the same link, with fresh agents at source and destination.
   * Each run measures its link. Runs come one after the other.
   */
  run(scenario?: string | ScenarioInput, settings?: RunSettings): Running;
}

/**
 * Chooses a driver and keeps its testbed: the first run brings it up.
 * @throws LivemigError UNSUPPORTED where this machine can't, with the reasons; BAD_INPUT for an unknown driver.
 */
export const openTestbed = async ({
  driver: wanted = 'auto',
}: TestbedSettings = {}): Promise<OpenTestbed> => {
  const driver = await chooseDriver(wanted);
  // Nobody takes results back here, so each rests on its own measurement of the link.
  const testbeds = new KeptTestbed({ throughputMaxAgeMs: 0 });
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  return {
    driver: driverNames.find((name) => name === driver.name)!,
    run: (scenario = {}, settings = {}) => {
      const before = last;
      const running: Running = observed(async (events) => {
        await before.catch(() => undefined);
        if (closing.signal.aborted) throw new LivemigError('CANCELLED', 'the testbed is closed');
        const signal = AbortSignal.any([
          closing.signal,
          ...(settings.signal === undefined ? [] : [settings.signal]),
        ]);
        const overrides = { ...settings.overrides, driver: driver.name };
        const started = runWith(scenario, { ...settings, overrides, signal }, { driver, testbeds });
        started.events.subscribe((event) => {
          events.next(event);
        });
        return started;
      });
      last = running.catch(() => undefined);
      return running;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort('the testbed is closed');
      await last;
      await testbeds[Symbol.asyncDispose]();
    },
  };
};
