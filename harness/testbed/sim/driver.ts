import type { HostRole } from '#proto/control';
import { hostRoles } from '#proto/control';
import { LivemigError, messageOf } from '#proto/errors';
import { createModelAgent } from '#hosts/simulation/model-agent';
import type { ModelAgent } from '#hosts/simulation/model-agent';
import { SegmentPool } from '#hosts/simulation/model-guest';
import { ModelNetwork } from '#hosts/simulation/model-network';
import { VirtualClock } from '#hosts/simulation/virtual-clock';
import { simulatedClock } from '../../clock.ts';
import { inProcessPort } from '../in-process-port.ts';
import { ofRole } from '../testbed.ts';
import type { Testbed, TestbedDriver, TestbedOptions, Topology } from '../testbed.ts';

const site = (number: number) => ({ address: `10.77.${number}.2`, gateway: `10.77.${number}.1` });
const topology: Topology = {
  source: site(1),
  destination: site(2),
  observer: site(3),
  guestAddress: '10.77.200.1',
  router: {
    towardsSource: site(1).gateway,
    towardsDestination: site(2).gateway,
    towardsObserver: site(3).gateway,
  },
};

/** Memory of guests that have gone, for those of the next run. */
const segments = new SegmentPool();

export interface SimDriverOptions {
  /** What every host is. */
  createAgent?: typeof createModelAgent;
}

/** Testbeds of this process so far. */
let ups = 0;

const up = async (
  { signal }: TestbedOptions,
  { createAgent }: Required<SimDriverOptions>,
): Promise<Testbed> => {
  signal?.throwIfAborted();
  const virtual = new VirtualClock();
  const failure = Promise.withResolvers<never>();
  // Of a testbed that nobody asks anything.
  failure.promise.catch(() => undefined);
  const going = virtual.go(failure.reject);
  const { source, destination, observer } = topology;
  const addresses = {
    source: source.address,
    destination: destination.address,
    observer: observer.address,
  };
  const network = new ModelNetwork(virtual, addresses, segments);
  const made = new Map<HostRole, ModelAgent>();
  const takeDown = async (): Promise<void> => {
    await Promise.all([...made.values()].map((agent) => agent.close()));
    going[Symbol.dispose]();
  };
  try {
    for (const role of hostRoles) made.set(role, createAgent(role, network));
  } catch (cause) {
    await takeDown();
    throw new LivemigError('TESTBED_FAILED', `a model did not start: ${messageOf(cause)}`, { cause });
  }
  const agents = Object.fromEntries(made) as Record<HostRole, ModelAgent>;
  const clock = simulatedClock(virtual);
  let down: Promise<void> | null = null;
  return {
    driver: 'sim',
    id: `livemig-sim-${process.pid}-${++ups}`,
    topology,
    clock,
    agents: null,
    connect: (role) => {
      const { handlers, events } = ofRole<ModelAgent>(agents, role);
      return inProcessPort(handlers, events, { name: `the ${role} agent`, clock, failed: failure.promise });
    },
    exec: (role) =>
      Promise.reject(new LivemigError('UNSUPPORTED', `driver sim: the ${role} is a model, which runs no programs`)), // prettier-ignore
    log: async (role) => `livemig agent: ${role} serves in the process of its harness, as a model\n`,
    describe: async () => ({
      kind: 'models in virtual time, in the process of the harness',
      notMeasured: 'CPU time and memory of the hosts: a model has none of its own',
    }),
    [Symbol.asyncDispose]: () => (down ??= takeDown()),
  };
};

/**
 * Hosts, guest and link as models in virtual time. The migration is the agents' own, message by message; what the hosts'
 * CPUs, TCP and the kernel do to it is not modelled. The same scenario gives the same document, to the byte.
 */
export const createSimDriver = (options: SimDriverOptions = {}): TestbedDriver => ({
  name: 'sim',
  noStorage: 'driver sim has no model of a storage host: take driver netns or docker',
  probe: async () => ({ supported: true, reason: 'models in virtual time' }),
  up: (testbedOptions) => up(testbedOptions, { createAgent: createModelAgent, ...options }),
  sweep: async () => [],
});

export const simDriver = createSimDriver();
