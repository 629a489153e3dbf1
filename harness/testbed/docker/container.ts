import { GenericContainer, Wait } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import type Docker from 'dockerode';
import { controlTokenVariable } from '#proto/agent-address';
import type { AgentRole } from '#proto/control';
import { LivemigError, messageOf } from '#proto/errors';
import { leaseSilenceMs, leaseVariable } from '#proto/lease';
import type { TestbedOptions } from '../testbed.ts';
import { execInContainer, logOf } from './exec.ts';
import { labelsOf } from './labels.ts';
import { networkName, networksOf } from './networks.ts';
import { lastLinesOf, recordStart } from './start-log.ts';
import { refusedSysctl, sysctlsOf } from './sysctls.ts';

/** Where agents listen inside their containers, on all interfaces. */
export const agentPort = 7000;

const routeTimeoutMs = 10_000;

/**
 * Capabilities beyond none: hosts set their routes, the router shapes and filters. Classic iptables talks to the
 * kernel over a raw socket.
 */
const capabilitiesOf = (role: AgentRole): ('NET_ADMIN' | 'NET_RAW')[] =>
  role === 'wan' ? ['NET_ADMIN', 'NET_RAW'] : ['NET_ADMIN'];

/** What testcontainers has no setter for. */
class HostContainer extends GenericContainer {
  withSysctls(sysctls: Record<string, string>): this {
    this.hostConfig.Sysctls = sysctls;
    return this;
  }

  withReadOnlyRoot(): this {
    this.hostConfig.ReadonlyRootfs = true;
    return this;
  }

  /** Published on the loopback only, for callers that know the token. */
  withLoopbackPort(port: number): this {
    this.withExposedPorts(port);
    this.hostConfig.PortBindings = { [`${String(port)}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '0' }] };
    return this;
  }

  afterCreation: (containerId: string) => Promise<void> = async () => undefined;

  protected override containerCreated = (containerId: string): Promise<void> =>
    this.afterCreation(containerId);
}

export interface StartOptions {
  docker: Docker;
  image: string;
  testbed: string;
  /** What the agents ask of whoever calls them. */
  controlToken: string;
  testbedOptions: TestbedOptions;
  /** Sysctls that this engine refuses; grows. */
  refused: Set<string>;
  /** Instead of the image's own: for tests of what a broken agent leads to. */
  entrypoint?: string[] | undefined;
  /** Whether the engine runs on this machine, so that its loopback is ours. */
  engineIsLocal: boolean;
}

const create = (role: AgentRole, options: StartOptions): HostContainer => {
  const { docker, image, testbed, testbedOptions, refused, controlToken } = options;
  const [first, ...others] = networksOf(role, testbedOptions);
  const container = new HostContainer(image)
    .withName(`${testbed}-${role}`)
    .withHostname(role)
    .withCommand([role, `0.0.0.0:${String(agentPort)}`])
    .withEnvironment({ [controlTokenVariable]: controlToken, [leaseVariable]: String(leaseSilenceMs) })
    .withLabels(labelsOf(testbed))
    // Clean-up is by our own labels: testcontainers' reaper is an image that offline machines can't pull.
    .withAutoCleanup(false)
    .withDroppedCapabilities('ALL')
    .withAddedCapabilities(...capabilitiesOf(role))
    .withSecurityOpt('no-new-privileges')
    .withTmpFs({ '/run': 'rw,nosuid,nodev', '/tmp': 'rw,nosuid,nodev' })
    .withNetworkMode(networkName(testbed, first ?? 'mgmt'))
    .withWaitStrategy(Wait.forLogMessage(/livemig agent: \w+ serves/))
    .withStartupTimeout(60_000);
  container.withSysctls(sysctlsOf(role, testbedOptions, refused)).withReadOnlyRoot();
  if (options.entrypoint !== undefined) container.withEntrypoint(options.entrypoint);
  if (options.engineIsLocal) container.withLoopbackPort(agentPort);
  else container.withExposedPorts(agentPort);
  container.afterCreation = async (containerId) => {
    for (const kind of others)
      await docker.getNetwork(networkName(testbed, kind)).connect({ Container: containerId });
  };
  return container;
};

/**
 * So that nothing leaves the testbed, and nothing goes from site to site past the router. A local engine's proxy
 * speaks to the agent from the management network itself.
 */
const removeDefaultRoute = async (container: Docker.Container, { docker }: StartOptions): Promise<void> => {
  await execInContainer(docker, container, ['ip', 'route', 'del', 'default'], routeTimeoutMs);
};

/**
 * Starts one host and waits until its agent serves. A sysctl that this engine or kernel refuses and that can be
 * done without is left out and remembered in `options.refused`.
 * @throws LivemigError TESTBED_FAILED with the end of the container's log.
 */
export const startHost = async (role: AgentRole, options: StartOptions): Promise<StartedTestContainer> => {
  // A local engine publishes on our own loopback. testcontainers would look for the gateway of the default bridge
  // when the harness itself runs in a container, and give up on an engine that has none.
  if (options.engineIsLocal) process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';
  const name = `${options.testbed}-${role}`;
  const log = recordStart();
  let started: StartedTestContainer;
  try {
    started = await create(role, options).withLogConsumer(log.consume).start();
  } catch (cause) {
    const sysctl = refusedSysctl(messageOf(cause));
    if (sysctl !== undefined && !options.refused.has(sysctl)) {
      options.refused.add(sysctl);
      await options.docker.getContainer(name).remove({ force: true, v: true });
      return await startHost(role, options);
    }
    // testcontainers waits in vain for the ports of a container that ended before it looked at them, and leaves it there.
    const said =
      (await log.tail()) || lastLinesOf(await logOf(options.docker.getContainer(name)).catch(() => ''));
    const ending = said === '' ? '' : `; its log ends:\n${said}`;
    throw new LivemigError('TESTBED_FAILED', `container ${name} did not come up${ending}`, { cause });
  }
  log.stop();
  if (options.engineIsLocal) await removeDefaultRoute(options.docker.getContainer(started.getId()), options);
  return started;
};
