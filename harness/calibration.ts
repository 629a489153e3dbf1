import type { ErrorDocument } from '#proto/errors';
import { toErrorDocument } from '#proto/errors';
import { loadProfile } from './profiles.ts';
import type { LinkAsRun } from './result.ts';
import { connectClients, unlessAborted } from './run/clients.ts';
import type { RunPhase } from './run/events.ts';
import { linkError, shapeLink } from './run/link.ts';
import { startRecord } from './run/record.ts';
import { bringUp, configureNetworks, greetHosts } from './run/testbed.ts';
import { tcpBufferMaxBytesOf } from './run/transfer.ts';
import type { Scenario } from './scenario.ts';
import { chooseDriver } from './testbed/index.ts';

/** A link that was set up as for a run, and what it turned out to be. */
export interface CalibrationReport {
  /** Within tolerance. */
  ok: boolean;
  driver: string | null;
  link: LinkAsRun;
  error: ErrorDocument | null;
}

/**
 * Up, link, calibrate, down: a run's beginning, and the very same code.
 * @throws LivemigError what kept the link from being measured at all
 */
export const calibrateScenario = async (
  scenario: Scenario,
  signal: AbortSignal,
  enter: (phase: RunPhase, detail?: string) => void,
): Promise<CalibrationReport> => {
  const record = startRecord(scenario);
  const profile = loadProfile(scenario.link);
  record.link.definition = profile;
  const driver = await unlessAborted(chooseDriver(scenario.driver), signal);
  enter('up', driver.name);
  await using stack = new AsyncDisposableStack();
  const testbed = stack.use(
    await bringUp(driver, tcpBufferMaxBytesOf(profile), record, signal, (detail) => {
      enter('up', detail);
    }),
  );
  const clients = connectClients(testbed, signal);
  for (const client of Object.values(clients)) stack.defer(() => client.close());
  await greetHosts(clients, record);
  await configureNetworks(clients, testbed.topology, record, profile);
  const { topology, clock } = testbed;
  const { calibration } = await shapeLink({ clients, topology, clock, profile, record, enter });
  const error = calibration.ok ? null : toErrorDocument(linkError(profile, calibration));
  return { ok: calibration.ok, driver: record.driver, link: record.link, error };
};
