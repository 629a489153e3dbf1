import { codeOf, LivemigError, messageOf } from '#proto/errors';
import type { AgentInfo, AgentRole, NetworkConfig } from '#proto/control';
import type { LinkProfile } from '#proto/link';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import { bounded } from '../testbed/bounded.ts';
import { ofRole } from '../testbed/testbed.ts';
import type { HostAddress, Testbed, TestbedDriver, Topology } from '../testbed/testbed.ts';
import type { Clients, WatchedClient } from './clients.ts';
import { abortedError, checkAborted, ofEachHost, unlessAborted } from './clients.ts';
import type { RunRecord } from './record.ts';
import { needsStorage } from './needs-storage.ts';

/**
 * @throws LivemigError UNSUPPORTED where the scenario needs a host that the driver can't bring up; TESTBED_FAILED; CANCELLED
 *   with nothing left behind
 */
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
  const storage = needsStorage(record.scenario);
  if (storage && unbounded.noStorage !== undefined)
    throw new LivemigError(
      'UNSUPPORTED',
      `guest.disk.storage: ${record.scenario.guest.disk?.storage}: ${unbounded.noStorage}`,
    );
  const driver = bounded(unbounded, patience);
  // What a killed harness left. A sweep that fails is no reason not to run.
  const swept = await unlessAborted(driver.sweep(), signal).catch((error: unknown) => {
    checkAborted(signal);
    return [`nothing: ${messageOf(error)}`];
  });
  if (swept.length > 0) tell(`removed what a dead run left: ${swept.join(', ')}`);
  const testbed = await driver.up({ tcpBufferMaxBytes, storage, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    // What is thrown because of the signal says nothing of its own; what the driver couldn't take down does.
    throw codeOf(error) === 'TESTBED_FAILED' ? abortedError(signal, messageOf(error)) : abortedError(signal);
  });
  try {
    checkAborted(signal);
    record.environment.testbed = await unlessAborted(testbed.describe(), signal);
    return testbed;
  } catch (error) {
    await testbed[Symbol.asyncDispose]();
    throw error;
  }
};

/** @throws LivemigError TESTBED_FAILED when an agent isn't what its driver says. */
export const greetHosts = async (clients: Clients, record: RunRecord): Promise<void> => {
  const greet = async (role: AgentRole): Promise<Pick<AgentInfo, 'nodeVersion' | 'kernel'>> => {
    const host = await ofRole<WatchedClient>(clients, role).call('hello', {});
    if (host.role !== role)
      throw new LivemigError(
        'TESTBED_FAILED',
        `the agent at the ${role}'s address says that it is the ${host.role}`,
      );
    return { nodeVersion: host.nodeVersion, kernel: host.kernel };
  };
  const [hosts, storage] = await Promise.all([
    ofEachHost(greet),
    clients.storage === undefined ? undefined : greet('storage'),
  ]);
  record.environment.hosts = { ...hosts, ...(storage === undefined ? {} : { storage }) };
};

type SiteRole = Exclude<AgentRole, 'wan'>;

/** Routes between the sites and to the guest, with the congestion control that the scenario asks for. */
const networkConfigOf = (
  role: SiteRole,
  place: HostAddress,
  topology: Topology,
  congestionControl: string,
  mtuBytes: number | undefined,
): NetworkConfig => {
  const { source, destination, observer, storage, guestAddress } = topology;
  const ofStorage = storage === undefined ? [] : [storage.address];
  const reach = {
    source: [destination.address, observer.address, ...ofStorage],
    destination: [source.address, observer.address, ...ofStorage],
    observer: [source.address, destination.address, guestAddress],
    storage: [source.address, destination.address],
  };
  const hasGuest = role === 'source' || role === 'destination';
  // The link is between the destination and all others; the guest is now here, now there.
  const to = role === 'destination' ? reach[role] : [destination.address, guestAddress];
  return {
    ...place,
    reach: reach[role],
    ...(mtuBytes === undefined ? {} : { narrow: { to, mtuBytes } }),
    congestionControl,
    guestAddress: hasGuest ? guestAddress : null,
  };
};

export const configureNetworks = async (
  clients: Clients,
  topology: Topology,
  record: RunRecord,
  profile: LinkProfile,
): Promise<void> => {
  const { mtuBytes } = profile.sourceToDestination;
  const configure = (role: SiteRole, place: HostAddress) =>
    ofRole<WatchedClient>(clients, role).call(
      'configureNetwork',
      networkConfigOf(role, place, topology, record.scenario.congestionControl, mtuBytes),
    );
  const [source, destination, observer, storage] = await Promise.all([
    configure('source', topology.source),
    configure('destination', topology.destination),
    configure('observer', topology.observer),
    topology.storage === undefined ? undefined : configure('storage', topology.storage),
  ]);
  record.environment.network = {
    source,
    destination,
    observer,
    ...(storage === undefined ? {} : { storage }),
  };
};
