import type { HostRole } from '../../proto/control.ts';
import { hostRoles } from '../../proto/control.ts';
import { codeOf, LivemigError } from '../../proto/errors.ts';
import type { AgentClient } from '../control-client.ts';
import { connectAgent } from '../control-client.ts';
import type { Testbed } from '../testbed/testbed.ts';

export type Clients = Readonly<Record<HostRole, AgentClient>>;

const logTailCharacters = 2000;

export const abortedError = (signal: AbortSignal): LivemigError =>
  new LivemigError('CANCELLED', 'the run was aborted', { cause: signal.reason });

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

/** An agent that is gone has said why on its stderr, if anywhere. */
const withLog = async (error: unknown, testbed: Testbed, role: HostRole): Promise<unknown> => {
  const code = codeOf(error);
  if (code !== 'AGENT_UNREACHABLE' && code !== 'TIMEOUT') return error;
  const log = await testbed.log(role).catch(() => '');
  const tail = log.trim().slice(-logTailCharacters);
  return new LivemigError(
    code,
    `the ${role} agent didn't answer${tail === '' ? '' : `; its last words: ${tail}`}`,
    {
      cause: error,
    },
  );
};

const abortable = (
  client: AgentClient,
  testbed: Testbed,
  role: HostRole,
  signal: AbortSignal,
): AgentClient => {
  const callWithBlob: AgentClient['callWithBlob'] = async (method, argument, options) => {
    try {
      return await untilAborted(client.callWithBlob(method, argument, options), signal);
    } catch (error) {
      throw await withLog(error, testbed, role);
    }
  };
  return {
    callWithBlob,
    call: async (method, argument, options) => (await callWithBlob(method, argument, options)).result,
    events: client.events,
    close: () => {
      client.close();
    },
  };
};

/** Clients of all four agents whose calls reject with CANCELLED as soon as the signal fires. */
export const connectClients = (testbed: Testbed, signal: AbortSignal): Clients =>
  Object.fromEntries(
    hostRoles.map((role) => [
      role,
      abortable(connectAgent(role, testbed.agents[role]), testbed, role, signal),
    ]),
  ) as Record<HostRole, AgentClient>;

/** The same question to every host at once. */
export const ofEachHost = async <T>(ask: (role: HostRole) => Promise<T>): Promise<Record<HostRole, T>> => {
  const answers = await Promise.all(hostRoles.map(async (role) => [role, await ask(role)] as const));
  return Object.fromEntries(answers) as Record<HostRole, T>;
};
