import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { controlTokenVariable, formatAgentAddress, parseAgentAddress } from '#proto/agent-address';
import { hostRoles } from '#proto/control';
import type { HostRole } from '#proto/control';
import { LivemigError, messageOf } from '#proto/errors';
import { machineClock } from '../clock.ts';
import { connectAgent } from '../control-client.ts';
import { expecting, group } from '../expecting.ts';
import { untilAborted } from '../within.ts';
import { parseSource, readSource } from '../yaml-source.ts';
import { holdLeases } from './lease.ts';
import { ofRole } from './testbed.ts';
import type { Testbed, TestbedDriver, TestbedOptions } from './testbed.ts';

/** Names the hosts to use: a JSON document, or the path of a JSON or YAML file. */
export const attachVariable = 'LIVEMIG_ATTACH';

/** Containers that are started together with the harness may take a while to serve. */
const agentTimeoutMs = 60_000;

const address = z.string(expecting('an IPv4 address')).refine(isIPv4, expecting('an IPv4 address'));
const host = group({ address, gateway: address });
const target = z.string(expecting('the address of an agent')).min(1, expecting('the address of an agent'));

const attachment = group({
  agents: group({ source: target, destination: target, wan: target, observer: target }),
  topology: group({
    source: host,
    destination: host,
    observer: host,
    guestAddress: address,
    router: group({ towardsSource: address, towardsDestination: address, towardsObserver: address }),
  }),
});

/** Which agents run where, and how they are connected. */
export type Attachment = z.infer<typeof attachment>;

/** Agents that name no token of their own ask for the one of the environment. */
const withToken = ({ agents, topology }: Attachment, token = ''): Attachment => {
  const addressOf = (role: HostRole): string => {
    const named = parseAgentAddress(agents[role]);
    return formatAgentAddress({ ...named, token: named.token ?? (token === '' ? null : token) });
  };
  return {
    agents: Object.fromEntries(hostRoles.map((role) => [role, addressOf(role)])) as Attachment['agents'],
    topology,
  };
};

/**
 * Reads the agents' targets and addresses.
 * @param value content of LIVEMIG_ATTACH: a JSON document or the path of a JSON or YAML file.
 * @throws LivemigError BAD_INPUT with every problem at once.
 */
export const readAttachment = async (value: string | undefined): Promise<Attachment> => {
  if (value === undefined || value.trim() === '')
    throw new LivemigError(
      'BAD_INPUT',
      `driver attach expects ${attachVariable}: JSON, or the path of a JSON or YAML file`,
    );
  const inline = value.trim().startsWith('{');
  const source = inline ? parseSource(value, attachVariable) : readSource(value, attachVariable);
  const outcome = attachment.safeParse(source.document);
  if (outcome.success) return withToken(outcome.data, process.env[controlTokenVariable]);
  const problems =
    source.problems.length > 0
      ? source.problems
      : outcome.error.issues.map(({ path, message }) => `${source.at(path)}: ${message}`);
  throw new LivemigError('BAD_INPUT', `${attachVariable}: ${problems.join('; ')}`, { problems });
};

const greet = async (role: HostRole, agent: string, signal?: AbortSignal): Promise<void> => {
  const client = connectAgent(role, agent);
  try {
    const info = await untilAborted(client.call('hello', {}, { timeoutMs: agentTimeoutMs }), signal);
    if (info.role !== role)
      throw new LivemigError(
        'BAD_INPUT',
        `expected the ${role} agent at ${parseAgentAddress(agent).target}, found the ${info.role} agent`,
      );
  } finally {
    client.close();
  }
};

const up = async ({ signal }: TestbedOptions): Promise<Testbed> => {
  const { agents, topology } = await readAttachment(process.env[attachVariable]);
  await Promise.all(hostRoles.map((role) => greet(role, agents[role], signal)));
  // When it goes, however this process ends, the hosts drop what they were told to do here, and wait for the next.
  const lease = await holdLeases(agents, signal);
  return {
    driver: 'attach',
    id: `attached-${String(process.pid)}`,
    topology,
    // Containers of this machine, with its clock. Hosts of another one would need theirs.
    clock: machineClock,
    agents,
    connect: (role) => connectAgent(role, ofRole<string>(agents, role)),
    exec: (role) =>
      Promise.reject(
        new LivemigError(
          'UNSUPPORTED',
          `driver attach can't run programs on the ${role} host: it only knows its agent`,
        ),
      ),
    log: (role) => Promise.resolve(`(the log of the ${role} agent is where it was started)`),
    describe: () =>
      Promise.resolve({
        agents: Object.values(agents)
          .map((agent) => parseAgentAddress(agent).target)
          .join(' '),
      }),
    [Symbol.asyncDispose]: () => lease.release(),
  };
};

/**
 * Hosts that someone else has started, `docker compose up` for one: nothing is started, set or removed here but
 * what the agents do. TCP buffers are whoever's started them.
 */
export const attachDriver: TestbedDriver = {
  name: 'attach',
  noStorage: 'driver attach knows of no storage host: take driver netns or docker',
  probe: async () => {
    try {
      await readAttachment(process.env[attachVariable]);
      return { supported: true, reason: `hosts named by ${attachVariable}` };
    } catch (error) {
      return { supported: false, reason: messageOf(error) };
    }
  },
  up,
  sweep: () => Promise.resolve([]),
};
