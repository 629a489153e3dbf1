import { LivemigError } from '#proto/errors';
import { ControlGroup, groupName, hierarchyHere, sweepControlGroups } from '../control-group.ts';
import type { CpuLimit } from '../testbed.ts';
import type { AgentProcess } from './agent-process.ts';

/** Groups of this process so far: each has a name of its own. */
let made = 0;

/** The control groups of one cell's hosts. */
export class NetnsQuotas {
  readonly #groups = new Set<ControlGroup>();

  /** @throws LivemigError UNSUPPORTED where this machine or user has no control group */
  async limit(role: string, agent: Pick<AgentProcess, 'pid'>, cpus: number): Promise<CpuLimit> {
    const { pid } = agent;
    if (pid === null)
      throw new LivemigError('TESTBED_FAILED', `the ${role} agent has no process to be limited`);
    const group = await ControlGroup.make(await hierarchyHere(), groupName(`${++made}-${role}`), cpus);
    this.#groups.add(group);
    await group.add(pid);
    return {
      read: () => group.read(),
      lift: async () => {
        await group.remove();
        this.#groups.delete(group);
      },
    };
  }

  /** Once their processes have ended. What can't be removed the next start sweeps. */
  async removeAll(): Promise<void> {
    for (const group of this.#groups) await group.remove().catch(() => undefined);
    this.#groups.clear();
  }
}

/** What dead harnesses left; nothing where there are no control groups. */
export const sweepQuotas = async (): Promise<string[]> => {
  try {
    return await sweepControlGroups(await hierarchyHere());
  } catch {
    return [];
  }
};
