import type Docker from 'dockerode';
import type { AgentRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { ByRole, HostAddress, Topology } from '../testbed.ts';
import { networkName } from './networks.ts';
import type { NetworkKind } from './networks.ts';

/**
 * The guest's own address, from the block for benchmarks of network devices (RFC 2544): no network that an engine
 * picks lies there, and it is seen inside the testbed only.
 */
const guestAddress = '198.18.0.1';

type Networks = Pick<Docker.ContainerInspectInfo, 'Name' | 'NetworkSettings'>;

/** Reads the addresses that the engine has given out. @throws LivemigError TESTBED_FAILED when one is missing. */
export const topologyOf = (testbed: string, hosts: ByRole<Networks>): Topology => {
  const address = (role: AgentRole, kind: NetworkKind): string => {
    const host = hosts[role];
    const found = host?.NetworkSettings.Networks[networkName(testbed, kind)]?.IPAddress;
    if (found === undefined || found === '')
      throw new LivemigError(
        'TESTBED_FAILED',
        `${host?.Name ?? role} has no address on ${networkName(testbed, kind)}`,
      );
    return found;
  };
  const placeOf = (role: Exclude<AgentRole, 'wan'>): HostAddress => ({
    address: address(role, role),
    gateway: address('wan', role),
  });
  const [source, destination, observer] = [placeOf('source'), placeOf('destination'), placeOf('observer')];
  return {
    source,
    destination,
    observer,
    ...(hosts.storage === undefined ? {} : { storage: placeOf('storage') }),
    guestAddress,
    router: {
      towardsSource: source.gateway,
      towardsDestination: destination.gateway,
      towardsObserver: observer.gateway,
    },
  };
};
