import { messageOf } from '#proto/errors';
import { bounded } from '../testbed/bounded.ts';
import { loadDriver } from '../testbed/index.ts';
import type { DriverName } from '../testbed/testbed.ts';
import type { Check } from './check.ts';

/** `attach` uses hosts that someone else started, so there is nothing to probe. */
const probed: readonly DriverName[] = ['docker', 'netns', 'sim'];
const probeTimeoutMs = 60_000;
const tcpBufferMaxBytes = 8 << 20;

export const driverChecks = async (): Promise<Check[]> =>
  Promise.all(
    probed.map(async (name): Promise<Check> => {
      const support = await loadDriver(name)
        .then((driver) => bounded(driver).probe())
        .catch((error: unknown) => ({ supported: false, reason: messageOf(error) }));
      return {
        name,
        group: 'driver',
        ok: support.supported,
        found: support.supported ? support.reason || 'works' : 'does not work here',
        remedy: support.supported ? '' : support.reason,
      };
    }),
  );

/**
 * Asks the router of a real testbed about link backends: kernel, privileges and tools are those of a run. netns, if it
 * works, is up in a second; a container may first need its image built.
 */
export const backendChecks = async (drivers: readonly Check[]): Promise<Check[]> => {
  const name = ['netns', 'docker'].find((driver) =>
    drivers.some((check) => check.name === driver && check.ok),
  );
  if (name === undefined) return [];
  try {
    const driver = bounded(await loadDriver(name));
    await using testbed = await driver.up({ tcpBufferMaxBytes });
    const router = testbed.connect('wan');
    try {
      const backends = await router.call('probeBackends', {}, { timeoutMs: probeTimeoutMs });
      return backends.map(({ backend, supported, reason }) => ({
        name: backend,
        group: 'backend',
        ok: supported,
        found: supported ? `works with driver ${name}` : 'does not work here',
        remedy: supported ? '' : reason,
      }));
    } finally {
      router.close();
    }
  } catch (error) {
    return [
      {
        name: 'backends',
        group: 'backend',
        ok: false,
        found: `no testbed with driver ${name}`,
        remedy: messageOf(error),
      },
    ];
  }
};
