import { share } from 'rxjs';
import type { HostRole } from '../../proto/control.ts';
import { hostRoles } from '../../proto/control.ts';
import { codeOf, LivemigError } from '../../proto/errors.ts';
import type { AgentClient } from '../control-client.ts';
import { connectAgent } from '../control-client.ts';
import type { Patience } from '../patience.ts';
import { defaultPatience } from '../patience.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { within } from '../within.ts';
import { AgentWatch } from './agent-watch.ts';

const logTimeoutMs = 5000;
const logTailCharacters = 2000;

/** @param besides what else went wrong. */
export const abortedError = (signal: AbortSignal, besides = ''): LivemigError =>
  new LivemigError('CANCELLED', `the run was aborted${besides === '' ? '' : `; ${besides}`}`, {
    cause: signal.reason,
  });

/** @throws LivemigError CANCELLED once the signal has fired. */
export const checkAborted = (signal: AbortSignal): void => {
  if (signal.aborted) throw abortedError(signal);
};

/** Settles like `work`, or rejects at once when the signal fires; what is under way ends with the testbed. */
export const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  // Whoever loses the race must not end the process as an unhandled rejection.
  work.catch(() => undefined);
  checkAborted(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(abortedError(signal));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** What every agent says when it begins, and the shell that entered its host of its end: no reason for anything. */
const greeting = /^(livemig agent: \w+ serves .*|Killed|Terminated)$/gm;

/** An agent that is gone has said why on its stderr, if anywhere. */
const withLog = async (error: unknown, testbed: Testbed, role: HostRole): Promise<unknown> => {
  const code = codeOf(error);
  if (code !== 'AGENT_UNREACHABLE' && code !== 'TIMEOUT') return error;
  const log = await within(testbed.log(role), logTimeoutMs, 'its log').catch(() => '');
  const tail = log.replaceAll(greeting, '').trim().slice(-logTailCharacters);
  return tail === ''
    ? error
    : new LivemigError(code, `${(error as Error).message}; its last words: ${tail}`, {
        cause: (error as Error).cause,
      });
};

/** A client whose calls end with the run, and with the agent. */
export interface WatchedClient extends AgentClient {
  readonly watch: Pick<AgentWatch, 'state' | 'error' | 'lost'>;
}

const watched = (
  client: AgentClient,
  testbed: Testbed,
  role: HostRole,
  signal: AbortSignal,
  patience: Patience,
): WatchedClient => {
  // One stream, however many listen.
  const events = client.events.pipe(share());
  const watch = new AgentWatch(role, client, testbed, events, patience);
  const callWithBlob: AgentClient['callWithBlob'] = async (method, argument, options) => {
    try {
      if (watch.error !== null) throw watch.error;
      const answer = client.callWithBlob(method, argument, options);
      return await untilAborted(Promise.race([answer, watch.lost]), signal);
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

export type Clients = Readonly<Record<HostRole, WatchedClient>>;

/**
 * Clients of all four agents, each watched over. Their calls reject with CANCELLED as soon as the signal fires, and with
 * AGENT_UNREACHABLE when their agent is gone or silent.
 */
export const connectClients = (
  testbed: Testbed,
  signal: AbortSignal,
  patience: Patience = defaultPatience,
): Clients =>
  Object.fromEntries(
    hostRoles.map((role) => [
      role,
      watched(connectAgent(role, testbed.agents[role]), testbed, role, signal, patience),
    ]),
  ) as Record<HostRole, WatchedClient>;

/** Rejects when one of these agents is lost. Never resolves. */
export const anyLost = (clients: Clients, roles: readonly HostRole[] = hostRoles): Promise<never> =>
  Promise.race(roles.map((role) => clients[role].watch.lost));

/** Settles like `work`, or rejects at once when an agent is lost, also one that the work has no need of just now. */
export const unlessLost = <T>(work: Promise<T>, clients: Clients): Promise<T> =>
  Promise.race([work, anyLost(clients)]);

/** The same question to every host at once. */
export const ofEachHost = async <T>(ask: (role: HostRole) => Promise<T>): Promise<Record<HostRole, T>> => {
  const answers = await Promise.all(hostRoles.map(async (role) => [role, await ask(role)] as const));
  return Object.fromEntries(answers) as Record<HostRole, T>;
};
