import type Docker from 'dockerode';
import { LivemigError } from '../../../proto/errors.ts';
import { isAlive, labels, scope } from './labels.ts';

/** An engine that is asked to remove what is being removed answers 409, and 404 once it is gone. */
const gone = async (removal: Promise<unknown>): Promise<void> => {
  try {
    await removal;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
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

/** Removes the testbeds whose harness is dead and returns their ids. */
export const sweepTestbeds = async (docker: Docker): Promise<string[]> => {
  const { containers, networks } = await listAll(docker, [labels.testbed, `${labels.scope}=${scope()}`]);
  const dead = new Set<string>();
  for (const found of [
    ...containers.map(({ Labels }) => Labels),
    ...networks.map(({ Labels }) => Labels ?? {}),
  ])
    if (!isAlive(found[labels.owner] ?? '')) dead.add(found[labels.testbed] ?? '');
  for (const testbed of dead) await removeTestbed(docker, testbed);
  return [...dead];
};
