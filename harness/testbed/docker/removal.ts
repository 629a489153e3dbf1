import type Docker from 'dockerode';
import { LivemigError } from '#proto/errors';
import { leaseLostExitCode } from '#proto/lease';
import { statusOf } from './engine.ts';
import { isAlive, labels, scope } from './labels.ts';

/** An engine that is asked to remove what is being removed answers 409, and 404 once it is gone. */
const gone = async (removal: Promise<unknown>): Promise<void> => {
  try {
    await removal;
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
};

/** Of each testbed's containers and networks: which testbed, and who owns it. */
const listAll = async (docker: Docker, filters: string[]) => {
  const filter = { filters: { label: filters } };
  const containers = await docker.listContainers({ all: true, ...filter });
  const networks = await docker.listNetworks(filter);
  return { containers, networks };
};

/**
 * Removes a testbed's containers, with their anonymous volumes, and its networks. Idempotent.
 * @throws LivemigError TESTBED_FAILED when something is still there afterwards.
 */
export const removeTestbed = async (docker: Docker, testbed: string): Promise<void> => {
  const filters = [`${labels.testbed}=${testbed}`];
  // Twice: a container that was being created or removed during the first pass.
  for (let pass = 0; pass < 2; pass++) {
    const { containers, networks } = await listAll(docker, filters);
    await Promise.all(
      containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
    );
    await Promise.all(networks.map(({ Id }) => gone(docker.getNetwork(Id).remove())));
  }
  const { containers, networks } = await listAll(docker, filters);
  const left = [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)];
  if (left.length > 0)
    throw new LivemigError(
      'TESTBED_FAILED',
      `the engine would not remove ${left.join(', ')}; docker rm -f, docker network rm`,
    );
};

/** What an engine knows of one testbed. */
export interface FoundTestbed {
  id: string;
  owner: string;
  scope: string;
  containers: { isRunning: boolean; exitCode: number | null }[];
  /** Of its newest part, in s since 1970 by the engine's clock. */
  createdAtS: number;
}

/** From its first network to its last agent a testbed takes minutes at most. */
const abandonedAfterS = 3600;

/**
 * Whether nobody needs it any more. Where its harness's process can't be seen, as that ran in another container, on another
 * machine or before this boot, its agents say so: they end when their harness has. Parts of which none ever ran are left
 * from a start that was broken off, once they are old.
 */
export const isAbandoned = (found: FoundTestbed, ownScope: string, nowS: number): boolean => {
  if (found.scope === ownScope) return !isAlive(found.owner);
  if (found.containers.some(({ isRunning }) => isRunning)) return false;
  const hasLostItsHarness = found.containers.some(({ exitCode }) => exitCode === leaseLostExitCode);
  return hasLostItsHarness || nowS - found.createdAtS > abandonedAfterS;
};

/** One that is paused or about to be started again has a process, too. */
const runningStates = ['running', 'paused', 'restarting'];
const endedStates = ['exited', 'dead'];

/** Null where it is gone by now. */
const exitCodeOf = async (container: Docker.Container): Promise<number | null> => {
  try {
    return (await container.inspect()).State.ExitCode;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return null;
  }
};

const findTestbeds = async (docker: Docker): Promise<FoundTestbed[]> => {
  const { containers, networks } = await listAll(docker, [labels.testbed]);
  const found = new Map<string, FoundTestbed>();
  const at = (given: Record<string, string> | undefined, createdAtS: number): FoundTestbed => {
    const id = given?.[labels.testbed] ?? '';
    const known = found.get(id);
    const testbed = known ?? {
      id,
      owner: given?.[labels.owner] ?? '',
      scope: given?.[labels.scope] ?? '',
      containers: [],
      createdAtS,
    };
    testbed.createdAtS = Math.max(testbed.createdAtS, createdAtS);
    found.set(id, testbed);
    return testbed;
  };
  for (const { Labels, Created } of networks) at(Labels, Date.parse(Created) / 1000);
  for (const { Id, Labels, Created, State } of containers) {
    const testbed = at(Labels, Created);
    const isRunning = runningStates.includes(State);
    // With which exit code one has ended, the list doesn't tell.
    const exitCode = endedStates.includes(State) ? await exitCodeOf(docker.getContainer(Id)) : null;
    testbed.containers.push({ isRunning, exitCode });
  }
  return [...found.values()];
};

/** Removes the testbeds that nobody needs and returns their ids. */
export const sweepTestbeds = async (docker: Docker): Promise<string[]> => {
  // What is old, only the clock that dated it can tell.
  const { SystemTime } = (await docker.info()) as { SystemTime: string };
  const nowS = Date.parse(SystemTime) / 1000;
  const abandoned = (await findTestbeds(docker)).filter((found) => isAbandoned(found, scope(), nowS));
  for (const { id } of abandoned) await removeTestbed(docker, id);
  return abandoned.map(({ id }) => id);
};
