import type { TestbedOptions, Topology } from '../testbed.ts';

const storage = { address: '10.97.4.2', gateway: '10.97.4.1' };

/** Every testbed has network namespaces of its own, so all of them use the same addresses. */
export const netnsTopology: Topology = {
  source: { address: '10.97.1.2', gateway: '10.97.1.1' },
  destination: { address: '10.97.2.2', gateway: '10.97.2.1' },
  observer: { address: '10.97.3.2', gateway: '10.97.3.1' },
  guestAddress: '10.97.200.1',
  router: { towardsSource: '10.97.1.1', towardsDestination: '10.97.2.1', towardsObserver: '10.97.3.1' },
};

export const netnsTopologyOf = ({ storage: isWanted = false }: Pick<TestbedOptions, 'storage'>): Topology =>
  isWanted ? { ...netnsTopology, storage } : netnsTopology;

/** Name of a host's one interface; the router's are named after the hosts they lead to. */
export const hostInterface = 'wan0';
