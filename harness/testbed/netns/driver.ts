import { rm } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '#hosts/command';
import type { AgentRole, HostRole } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { spareThreadsVariable } from '#proto/spare-threads';
import { machineClock } from '#harness/clock';
import { connectAgent } from '#harness/control-client';
import { orLate } from '#harness/within';
import type { ByRole, Testbed, TestbedDriver, TestbedOptions } from '../testbed.ts';
import { rolesOf } from '../testbed.ts';
import type { AgentProcess } from './agent-process.ts';
import { startAgent } from './agent-process.ts';
import type { Cell } from './cell.ts';
import { isRootless, startCell } from './cell.ts';
import { cellScript } from './cell-script.ts';
import { NetnsQuotas, sweepQuotas } from './quotas.ts';
import { makeDirectory, sweepDirectories } from './directory.ts';
import { execInCell } from './exec.ts';
import { netnsTopologyOf } from './layout.ts';
import { sweepProcesses } from './mark.ts';
import { probeNetns } from './probe.ts';

export interface NetnsDriverOptions {
  /** The program of every host. */
  agentPath?: string;
  cellTimeoutMs?: number;
  agentTimeoutMs?: number;
}

/** Four or five Node processes that start at once on a small, busy machine: seconds at worst (half a minute in user-mode Linux),
 * so this only ends a hang. */
const agentTimeoutMs = 60_000;
const cellTimeoutMs = 15_000;
/** How long agents may take to close in order before the cell ends under them. */
const closeGraceMs = 2_000;
/** The kernel takes a second or so to free a guest of 8 GiB. */
const killTimeoutMs = 30_000;
const leftoverTimeoutMs = 5_000;
const renewedRoles = ['source', 'destination'] as const satisfies readonly HostRole[];

let iproute2Version: string | undefined;

/** As of the first testbed: a process for it would hold up every run of a kept one. */
const iproute2 = async (): Promise<string> => (iproute2Version ??= (await command(['ip', '-V'])).trim());

const takeDown = async (
  cell: Cell | null,
  agents: ReadonlyMap<AgentRole, AgentProcess>,
  directory: string,
  quotas: NetnsQuotas,
): Promise<void> => {
  const started = [...agents.values()];
  if (cell !== null && started.length > 0) {
    cell.terminate();
    await orLate(Promise.all(started.map((agent) => agent.ended)), closeGraceMs);
  }
  try {
    await cell?.end();
    // The cell has taken the agents with it; what is left of each is the parent that entered it.
    await Promise.all(started.map((agent) => agent.kill(leftoverTimeoutMs)));
  } finally {
    await quotas.removeAll();
    await rm(directory, { recursive: true, force: true });
  }
};

const up = async (options: TestbedOptions, settings: Required<NetnsDriverOptions>): Promise<Testbed> => {
  const directory = await makeDirectory();
  let cell: Cell | null = null;
  const agents = new Map<AgentRole, AgentProcess>();
  const topology = netnsTopologyOf(options);
  const quotas = new NetnsQuotas();
  const start = (inside: Cell, role: AgentRole, environment?: NodeJS.ProcessEnv): AgentProcess =>
    startAgent(inside, role, settings.agentPath, join(directory, `${role}.sock`), environment);
  try {
    const { signal } = options;
    cell = await startCell(cellScript(topology, options), directory, settings.cellTimeoutMs, signal);
    for (const role of rolesOf(topology)) agents.set(role, start(cell, role));
    await Promise.all([...agents.values()].map((agent) => agent.ready(settings.agentTimeoutMs, signal)));
  } catch (error) {
    await takeDown(cell, agents, directory, quotas);
    throw error;
  }

  const started = cell;
  const agentOf = (role: AgentRole): AgentProcess => {
    const agent = agents.get(role);
    if (agent === undefined) throw new LivemigError('INTERNAL', `expected the testbed to have a ${role}`);
    return agent;
  };
  let down: Promise<void> | null = null;
  return {
    driver: 'netns',
    id: basename(directory),
    topology,
    clock: machineClock,
    agents: Object.fromEntries(
      [...agents].map(([role, { target }]) => [role, target]),
    ) as unknown as ByRole<string>,
    connect: (role) => connectAgent(role, agentOf(role).target),
    exec: (role, argv, execOptions) => execInCell(started, role, argv, execOptions),
    log: async (role) => agentOf(role).stderr(),
    look: (role) => agentOf(role).look(),
    signal: async (role, signal) => {
      agentOf(role).signal(signal);
    },
    limitCpus: (role, cpus) => quotas.limit(role, agentOf(role), cpus),
    describe: async () => ({
      kernel: release(),
      iproute2: await iproute2(),
      privileges: isRootless() ? 'user namespace' : 'root',
    }),
    renew: async () => {
      await Promise.all(renewedRoles.map((role) => agentOf(role).kill(killTimeoutMs)));
      for (const role of renewedRoles)
        agents.set(role, start(started, role, { [spareThreadsVariable]: '1' }));
      await Promise.all(renewedRoles.map((role) => agentOf(role).ready(settings.agentTimeoutMs)));
    },
    [Symbol.asyncDispose]: () => (down ??= takeDown(started, agents, directory, quotas)),
  };
};

/** Hosts as network namespaces in one throwaway cell of this machine's kernel: no engine, no image, no daemon. */
export const createNetnsDriver = (options: NetnsDriverOptions = {}): TestbedDriver => {
  const settings = {
    agentPath: fileURLToPath(import.meta.resolve('#hosts/agent')),
    agentTimeoutMs,
    cellTimeoutMs,
    ...options,
  };
  return {
    name: 'netns',
    probe: probeNetns,
    up: (testbedOptions) => up(testbedOptions, settings),
    // Processes first: what lives in a directory must not find it gone.
    sweep: async () => [...(await sweepProcesses()), ...(await sweepQuotas()), ...(await sweepDirectories())],
  };
};
