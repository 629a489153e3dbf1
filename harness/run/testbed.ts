import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import type { HostRole, NetworkConfig } from '../../proto/control.ts';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import { bounded } from '../testbed/bounded.ts';
import type { Testbed, TestbedDriver, Topology } from '../testbed/testbed.ts';
import type { Clients } from './clients.ts';
import { abortedError, checkAborted, ofEachHost, untilAborted } from './clients.ts';
import type { RunRecord } from './record.ts';

/** @throws LivemigError TESTBED_FAILED, or CANCELLED with nothing left behind. */
export const bringUp = async (
  unbounded: TestbedDriver,
  tcpBufferMaxBytes: number,
  record: RunRecord,
  signal: AbortSignal,
  tell: (detail: string) => void,
  patience: Patience = defaultPatience,
): Promise<Testbed> => {
  checkAborted(signal);
  record.driver = unbounded.name;
  const driver = bounded(unbounded, patience);
  // What a killed harness left. A sweep that fails is no reason not to run.
  const swept = await untilAborted(driver.sweep(), signal).catch((error: unknown) => {
    checkAborted(signal);
    return [`nothing: ${messageOf(error)}`];
  });
  if (swept.length > 0) tell(`removed what a dead run left: ${swept.join(', ')}`);
  const testbed = await driver.up({ tcpBufferMaxBytes, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    // What is thrown because of the signal says nothing of its own; what the driver couldn't take down does.
    throw codeOf(error) === 'TESTBED_FAILED' ? abortedError(signal, messageOf(error)) : abortedError(signal);
  });
  try {
    checkAborted(signal);
    record.environment.testbed = await untilAborted(testbed.describe(), signal);
    return testbed;
  } catch (error) {
    await testbed[Symbol.asyncDispose]();
    throw error;
  }
};

/** @throws LivemigError TESTBED_FAILED when an agent isn't what its driver says. */
export const greetHosts = async (clients: Clients, record: RunRecord): Promise<void> => {
  const hosts = await ofEachHost((role) => clients[role].call('hello', {}));
  for (const [role, host] of Object.entries(hosts))
    if (host.role !== role)
      throw new LivemigError(
        'TESTBED_FAILED',
        `the agent at the ${role}'s address says that it is the ${host.role}`,
      );
  const about = async (role: HostRole) => ({
    nodeVersion: hosts[role].nodeVersion,
    kernel: hosts[role].kernel,
  });
  record.environment.hosts = await ofEachHost(about);
};

/** Routes between the sites and to the guest, with the congestion control that the scenario asks for. */
export const networkConfigOf = (
  role: 'source' | 'destination' | 'observer',
  topology: Topology,
  congestionControl: string,
): NetworkConfig => {
  const { source, destination, observer, guestAddress } = topology;
  const reach = {
    source: [destination.address, observer.address],
    destination: [source.address, observer.address],
    observer: [source.address, destination.address, guestAddress],
  };
  return {
    ...topology[role],
    reach: reach[role],
    congestionControl,
    guestAddress: role === 'observer' ? null : guestAddress,
  };
};

export const configureNetworks = async (
  clients: Clients,
  topology: Topology,
  record: RunRecord,
): Promise<void> => {
  const configure = (role: 'source' | 'destination' | 'observer') =>
    clients[role].call(
      'configureNetwork',
      networkConfigOf(role, topology, record.scenario.congestionControl),
    );
  const [source, destination, observer] = await Promise.all([
    configure('source'),
    configure('destination'),
    configure('observer'),
  ]);
  record.environment.network = { source, destination, observer };
};
