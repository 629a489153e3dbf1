import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { StartedTestContainer } from 'testcontainers';
import type Docker from 'dockerode';
import { formatAgentAddress } from '#proto/agent-address';
import { extraRoles, hostRoles } from '#proto/control';
import type { AgentRole } from '#proto/control';
import { isOurs, LivemigError, messageOf } from '#proto/errors';
import { machineClock } from '#harness/clock';
import { connectAgent } from '#harness/control-client';
import { orLate, untilAborted } from '#harness/within';
import type { ProcessSight } from '../process-sight.ts';
import { ended, sightOf } from '../process-sight.ts';
import { ofRole } from '../testbed.ts';
import type { ByRole, HostSignal, Support, Testbed, TestbedDriver, TestbedOptions } from '../testbed.ts';
import { holdLeases } from '../lease.ts';
import { agentPort, startHost } from './container.ts';
import type { StartOptions } from './container.ts';
import { askEngine, connectEngine, engineAddress, statusOf } from './engine.ts';
import { execInContainer, logOf } from './exec.ts';
import { canProvideImage, ensureImage } from './image.ts';
import { limitContainer } from './quota.ts';
import { createNetworks } from './networks.ts';
import { removeTestbed, sweepTestbeds } from './removal.ts';
import { topologyOf } from './topology.ts';

type Hosts = ByRole<StartedTestContainer>;

const probe = async (): Promise<Support> => {
  const engine = await askEngine();
  if (!engine.answers)
    return {
      supported: false,
      reason: `${engine.reason}; install Docker, or name an engine by DOCKER_HOST or \`docker context use\``,
    };
  const image = await canProvideImage(connectEngine());
  return image.supported
    ? {
        supported: true,
        reason: `${engine.name} ${engine.version} at ${engine.host} (${engine.by}), ${image.reason}`,
      }
    : image;
};

/** All at once; settles only when every start has, so that a failure's clean-up finds them all. */
const startHosts = async (options: StartOptions): Promise<Hosts> => {
  const { storage = false } = options.testbedOptions;
  const roles: readonly AgentRole[] = [...hostRoles, ...(storage ? extraRoles : [])];
  const starts = await Promise.allSettled(roles.map((role) => startHost(role, options)));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const started = starts.map((start) => (start as PromiseFulfilledResult<StartedTestContainer>).value);
  return Object.fromEntries(roles.map((role, index) => [role, started[index]])) as unknown as Hosts;
};

const isLocal = (): boolean => !/^(tcp|http|https|ssh):/.test(engineAddress());

/** The engine's process is ours to see where it shares our PID namespace: its id alone may be someone else's here. */
const isAgent = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('hosts/agent.');
  } catch {
    return false;
  }
};

const lookAt = async (container: Docker.Container): Promise<ProcessSight> => {
  try {
    const { State } = await container.inspect();
    if (!State.Running)
      return ended(
        `its container has ended with exit code ${String(State.ExitCode)}${State.OOMKilled ? ', out of memory' : ''}`,
      );
    if (State.Paused)
      return {
        state: 'stopped',
        cpuTicks: null,
        how: 'its container is paused: docker unpause lets it go on',
      };
    if (isAgent(State.Pid)) return sightOf(State.Pid);
    return { state: 'runs', cpuTicks: null, how: `its container is ${State.Status}` };
  } catch (error) {
    if (statusOf(error) === 404) return ended('its container is gone');
    throw error;
  }
};

/** A container that is held up stands as a whole, as a paused virtual machine does. */
const signalContainer = async (container: Docker.Container, role: AgentRole, signal: HostSignal): Promise<void> => {
  try {
    if (signal === 'KILL') await container.kill({ signal: 'SIGKILL' });
    else await (signal === 'STOP' ? container.pause() : container.unpause());
  } catch (cause) {
    throw new LivemigError('TESTBED_FAILED', `${signal} did not reach the ${role} container: ${messageOf(cause)}`, { cause });
  }
}; // prettier-ignore

const assemble = async (
  docker: Docker,
  id: string,
  hosts: Hosts,
  token: string,
  facts: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Testbed> => {
  const roles = Object.keys(hosts) as AgentRole[];
  const hostOf = (role: AgentRole): StartedTestContainer => ofRole(hosts, role);
  const container = (role: AgentRole): Docker.Container => docker.getContainer(hostOf(role).getId());
  const inspected = await Promise.all(
    roles.map(async (role) => [role, await container(role).inspect()] as const),
  );
  const addressOf = (role: AgentRole): string => {
    const host = hostOf(role);
    const target = `${isLocal() ? '127.0.0.1' : host.getHost()}:${String(host.getMappedPort(agentPort))}`;
    return formatAgentAddress({ target, token });
  };
  const agents = Object.fromEntries(
    roles.map((role) => [role, addressOf(role)]),
  ) as unknown as ByRole<string>;
  const topology = topologyOf(
    id,
    Object.fromEntries(inspected) as unknown as ByRole<Docker.ContainerInspectInfo>,
  );
  // Without it they end by themselves: nothing else would tell a remote engine that this process is gone.
  const lease = await holdLeases(agents, signal);
  return {
    driver: 'docker',
    id,
    topology,
    clock: machineClock,
    agents,
    connect: (role) => connectAgent(role, ofRole(agents, role)),
    exec: (role, argv, options) =>
      execInContainer(docker, container(role), argv, options?.timeoutMs ?? 60_000),
    log: (role) => logOf(container(role)),
    look: (role) => lookAt(container(role)),
    signal: (role, what) => signalContainer(container(role), role, what),
    limitCpus: (role, cpus) => limitContainer(container(role), cpus),
    describe: () => Promise.resolve(facts),
    [Symbol.asyncDispose]: async () => {
      try {
        await removeTestbed(docker, id);
      } finally {
        // Not before: what an engine doesn't remove ends by itself then.
        lease.drop();
      }
    },
  };
};

/** An image is built once per change of the agents, and takes long enough to say so. */
const tell = (line: string): void => {
  process.stderr.write(`livemig: ${line}\n`);
};

export interface DockerDriverOptions {
  /** Instead of the agent: for tests of what a broken one leads to. */
  entrypoint?: string[];
}

/** Starts that were under way when their testbed was removed fail by that, sooner or later. */
const stragglersMs = 20_000;

const bringUp = async (options: TestbedOptions, { entrypoint }: DockerDriverOptions): Promise<Testbed> => {
  const docker = connectEngine();
  const engine = await askEngine(docker);
  if (!engine.answers) throw new LivemigError('UNSUPPORTED', engine.reason);
  const id = `livemig-${randomBytes(4).toString('hex')}`;
  const { signal } = options;
  const begun: Promise<unknown>[] = [];
  /** An engine can't be told to stop: what it does is left to it, and removed afterwards. */
  const unlessAborted = async <T>(work: Promise<T>): Promise<T> => {
    begun.push(work);
    return untilAborted(work, signal);
  };
  try {
    const image = await unlessAborted(ensureImage(docker, tell));
    await unlessAborted(createNetworks(docker, id, engine.version, options));
    const refused = new Set<string>();
    const controlToken = randomBytes(16).toString('hex');
    const hosts = await unlessAborted(startHosts({
      docker, image, testbed: id, controlToken, testbedOptions: options, refused, engineIsLocal: isLocal(), entrypoint,
    })); // prettier-ignore
    const facts = {
      engine: `Docker ${engine.version}`,
      image,
      ...(refused.size > 0 ? { refusedSysctls: [...refused].join(' ') } : {}),
    };
    return await unlessAborted(assemble(docker, id, hosts, controlToken, facts, signal));
  } catch (cause) {
    const remove = (): Promise<void> =>
      removeTestbed(docker, id).catch((error: unknown) => {
        tell(messageOf(error));
      });
    await remove();
    if (signal?.aborted === true) {
      // But not for an image that is being built: that is none of the testbed.
      await orLate(Promise.allSettled(begun.slice(1)), stragglersMs);
      await remove();
      throw signal.reason;
    }
    if (isOurs(cause)) throw cause;
    throw new LivemigError('TESTBED_FAILED', `the Docker testbed did not come up: ${messageOf(cause)}`, {
      cause,
    });
  }
};

/** Containers on bridge networks of a Docker engine. */
export const createDockerDriver = (driverOptions: DockerDriverOptions = {}): TestbedDriver => ({
  name: 'docker',
  probe,
  up: (options) => bringUp(options, driverOptions),
  sweep: async () => ((await askEngine()).answers ? await sweepTestbeds(connectEngine()) : []),
});

export const dockerDriver: TestbedDriver = createDockerDriver();
