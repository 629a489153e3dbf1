import type Docker from 'dockerode';
import type { HostRole } from '../../../proto/control.ts';
import { LivemigError } from '../../../proto/errors.ts';
import type { HostAddress, Topology } from '../testbed.ts';
import { networkName } from './networks.ts';
import type { NetworkKind } from './networks.ts';

/**
 * The guest's own address, from the block for benchmarks of network devices (RFC 2544): no network that an engine
 * picks lies there, and it is seen inside the testbed only.
 */
export const guestAddress = '198.18.0.1';

type Networks = Pick<Docker.ContainerInspectInfo, 'Name' | 'NetworkSettings'>;

/** Reads the addresses that the engine has given out. @throws LivemigError TESTBED_FAILED when one is missing. */
export const topologyOf = (testbed: string, hosts: Readonly<Record<HostRole, Networks>>): Topology => {
  const address = (role: HostRole, kind: NetworkKind): string => {
    const found = hosts[role].NetworkSettings.Networks[networkName(testbed, kind)]?.IPAddress;
    if (found === undefined || found === '')
      throw new LivemigError(
        'TESTBED_FAILED',
        `${hosts[role].Name} has no address on ${networkName(testbed, kind)}`,
      );
    return found;
  };
  const host = (role: Exclude<HostRole, 'wan'>): HostAddress => ({
    address: address(role, role),
    gateway: address('wan', role),
  });
  const [source, destination, observer] = [host('source'), host('destination'), host('observer')];
  return {
    source,
    destination,
    observer,
    guestAddress,
    router: {
      towardsSource: source.gateway,
      towardsDestination: destination.gateway,
      towardsObserver: observer.gateway,
    },
  };
};
