import { share } from 'rxjs';
import type { AgentRole, HostRole } from '#proto/control';
import { hostRoles } from '#proto/control';
import { codeOf, LivemigError } from '#proto/errors';
import type { AgentPort } from '../agent-port.ts';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import { rolesOf } from '../testbed/testbed.ts';
import type { ByRole, Testbed } from '../testbed/testbed.ts';
import { untilAborted, within } from '../within.ts';
import { AgentWatch } from './agent-watch.ts';

const logTimeoutMs = 5000;
const logTailCharacters = 2000;

/** @param besides what else went wrong. */
export const abortedError = ({ reason }: AbortSignal, besides = ''): LivemigError =>
  new LivemigError('CANCELLED', `the run was aborted${besides === '' ? '' : `; ${besides}`}`, {
    cause: reason,
  });

/** @throws LivemigError CANCELLED once the signal has fired. */
export const checkAborted = (signal: AbortSignal): void => {
  if (signal.aborted) throw abortedError(signal);
};

/** Settles like `work`, or rejects with CANCELLED at once when the signal fires; what is under way ends with the testbed. */
export const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  untilAborted(work, signal, abortedError);

/** What every agent says when it begins, and the shell that entered its host of its end: no reason for anything. */
const greeting = /^(livemig agent: \w+ serves .*|Killed|Terminated)$/gm;

/** An agent that is gone has said why on its stderr, if anywhere. */
const withLog = async (error: unknown, testbed: Testbed, role: AgentRole): Promise<unknown> => {
  const code = codeOf(error);
  if (code !== 'AGENT_UNREACHABLE' && code !== 'TIMEOUT') return error;
  const log = await within(testbed.log(role), logTimeoutMs, 'its log', testbed.clock).catch(() => '');
  const tail = log.replaceAll(greeting, '').trim().slice(-logTailCharacters);
  return tail === ''
    ? error
    : new LivemigError(code, `${(error as Error).message}; its last words: ${tail}`, {
        cause: (error as Error).cause,
      });
};

/** A client whose calls end with the run, and with the agent. */
export interface WatchedClient extends AgentPort {
  readonly watch: Pick<AgentWatch, 'state' | 'error' | 'lost' | 'suspect'>;
}

const watched = (
  client: AgentPort,
  testbed: Testbed,
  role: AgentRole,
  signal: AbortSignal,
  patience: Patience,
): WatchedClient => {
  // One stream, however many listen.
  const events = client.events.pipe(share());
  const watch = new AgentWatch(role, client, testbed, events, patience);
  const callWithBlob: AgentPort['callWithBlob'] = async (method, argument, options) => {
    try {
      if (watch.error !== null) throw watch.error;
      const answer = client.callWithBlob(method, argument, { hostId: role, ...options });
      return await unlessAborted(Promise.race([answer, watch.lost]), signal);
    } catch (error) {
      if (codeOf(error) === 'AGENT_UNREACHABLE' && watch.error === null) await watch.suspect();
      throw await withLog(watch.error ?? error, testbed, role);
    }
  };
  return {
    watch,
    callWithBlob,
    call: async (method, argument, options) => (await callWithBlob(method, argument, options)).result,
    events,
    close: () => {
      watch.close();
      client.close();
    },
  };
};

export type Clients = ByRole<WatchedClient>;

/**
 * Clients of all agents, each watched over. Their calls reject with CANCELLED as soon as the signal fires, and with
 * AGENT_UNREACHABLE when their agent is gone or silent.
 */
export const connectClients = (
  testbed: Testbed,
  signal: AbortSignal,
  patience: Patience = defaultPatience,
): Clients =>
  Object.fromEntries(
    rolesOf(testbed.topology).map((role) => [
      role,
      watched(testbed.connect(role), testbed, role, signal, patience),
    ]),
  ) as unknown as Clients;

/** Rejects when an agent is lost, be it any or one that is no `exception`. Never resolves. */
export const anyLost = (clients: Clients, exceptions: readonly AgentRole[] = []): Promise<never> =>
  Promise.race(
    Object.entries(clients)
      .filter(([role]) => !exceptions.includes(role as AgentRole))
      .map(([, client]) => client.watch.lost),
  );

/**
 * Why a connection between hosts broke off: one of them is gone, of which its peers may hear sooner than the harness does.
 * @returns the loss of an agent; else the error
 */
export const explained = async (error: unknown, clients: Clients): Promise<unknown> => {
  if (codeOf(error) !== 'CONNECTION_LOST') return error;
  const all = Object.values(clients);
  await Promise.all(all.map(({ watch }) => watch.suspect()));
  return all.map(({ watch }) => watch.error).find((lost) => lost !== null) ?? error;
};

/** Settles like `work`, or rejects at once when an agent is lost, also one that the work has no need of just now. */
export const unlessLost = <T>(work: Promise<T>, clients: Clients): Promise<T> =>
  Promise.race([work, anyLost(clients)]);

/** The same question to every host that each testbed has, at once. */
export const ofEachHost = async <T>(ask: (role: HostRole) => Promise<T>): Promise<Record<HostRole, T>> => {
  const answers = await Promise.all(hostRoles.map(async (role) => [role, await ask(role)] as const));
  return Object.fromEntries(answers) as Record<HostRole, T>;
};
