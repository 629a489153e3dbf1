import type Docker from 'dockerode';
import type { AgentRole } from '#proto/control';
import type { TestbedOptions } from '../testbed.ts';
import { labelsOf } from './labels.ts';

/**
 * `mgmt` carries control, each `site` is the link between one host and the router. The observer has a site of its
 * own, as in driver `netns`, and so has the storage: were it on the source's, the router would send ICMP redirects past itself.
 */
export type NetworkKind = 'mgmt' | Exclude<AgentRole, 'wan'>;

const networkKindsOf = ({ storage = false }: Pick<TestbedOptions, 'storage'>): readonly NetworkKind[] => [
  ...(['mgmt', 'source', 'destination', 'observer'] as const),
  ...(storage ? (['storage'] as const) : []),
];

export const networksOf = (
  role: AgentRole,
  options: Pick<TestbedOptions, 'storage'>,
): readonly NetworkKind[] => (role === 'wan' ? networkKindsOf(options) : ['mgmt', role]);

export const networkName = (testbed: string, kind: NetworkKind): string => `${testbed}-${kind}`;

/**
 * Options of the bridge driver. The networks aren't `internal`: such a network's firewall drops what is addressed
 * outside its subnet even between its own members (where br_netfilter is on), and so all that the router is to
 * forward. Without masquerading, no answer to what a host sends outside ever comes back, and nothing here sends.
 */
export const bridgeOptions = (engineVersion: string): Record<string, string> => {
  const major = Number.parseInt(engineVersion, 10);
  return {
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
    'com.docker.network.bridge.enable_icc': 'true',
    // From 28 on, an engine drops packets to a container that come over another bridge than the container's own,
    // and with br_netfilter it sees routed packets so.
    ...(major >= 28 ? { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' } : {}),
  };
};

/** Creates a testbed's networks; the engine picks free subnets. */
export const createNetworks = async (
  docker: Docker,
  testbed: string,
  engineVersion: string,
  options: Pick<TestbedOptions, 'storage'>,
): Promise<void> => {
  // One by one: engines have handed the same subnet to two networks that were created at once.
  for (const kind of networkKindsOf(options))
    await docker.createNetwork({
      Name: networkName(testbed, kind),
      Driver: 'bridge',
      CheckDuplicate: true,
      EnableIPv6: false,
      Options: bridgeOptions(engineVersion),
      Labels: labelsOf(testbed),
    });
};
