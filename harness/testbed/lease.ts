import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { authorizationKey, authorizationOf, parseAgentAddress } from '#proto/agent-address';
import { contractMismatch, controlContract, controlService } from '#proto/control-service';
import { codeOf, LivemigError, messageOf } from '#proto/errors';
import type { Heartbeat, Leased } from '#proto/lease';
import { heartbeatMs } from '#proto/lease';
import { monotonicMs } from '#proto/units';
import { untilAborted } from '../within.ts';

/** A whole guest may have to go first, and a harness that has just broken off has its time to come back. */
const takeTimeoutMs = 30_000;
const releaseTimeoutMs = 10_000;
const reconnectMs = 1_000;
/** An agent may not have noticed yet that its last harness was killed a moment ago. */
const refusedPatienceMs = 5_000;
const askAgainMs = 250;

/** This harness's hold on one host. */
export interface HeldLease {
  /** Gives the host back; resolves when it is as it was, or has taken too long. */
  release(): Promise<void>;
  /** Says no more: the host is being removed anyway. */
  drop(): void;
}

/**
 * Makes the agent's host this harness's, until it is released or this process is gone.
 * @throws LivemigError TESTBED_FAILED where another harness holds it, AGENT_UNREACHABLE; the signal's reason
 */
export const holdLease = async (name: string, address: string, signal?: AbortSignal): Promise<HeldLease> => {
  for (const untilMs = monotonicMs() + refusedPatienceMs; ;)
    try {
      return await tryLease(name, address, signal);
    } catch (error) {
      if (codeOf(error) !== 'TESTBED_FAILED' || monotonicMs() > untilMs) throw error;
      await untilAborted(sleep(askAgainMs), signal);
    }
};

const tryLease = async (name: string, address: string, signal?: AbortSignal): Promise<HeldLease> => {
  const { target, token } = parseAgentAddress(address);
  const client = new Client(target, credentials.createInsecure(), { 'grpc.default_authority': 'livemig' });
  const first: Heartbeat = {
    holder: `livemig, process ${process.pid} on ${hostname()}`,
    id: randomUUID(),
    release: false,
    contract: controlContract,
  };
  const { path, requestSerialize, responseDeserialize } = controlService.lease;
  const taken = Promise.withResolvers<undefined>();
  taken.promise.catch(() => undefined);
  const ended = Promise.withResolvers<undefined>();
  let isTaken = false;
  let isOver = false;
  let stream: ClientDuplexStream<Heartbeat, Leased> | null = null;
  let again: NodeJS.Timeout | undefined;

  const connect = (): void => {
    const metadata = new Metadata({ waitForReady: true });
    if (token !== null) metadata.set(authorizationKey, authorizationOf(token));
    const opened = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    stream = opened;
    opened.write(first);
    opened.on('data', ({ refusal, contract }: Leased) => {
      if (contract !== controlContract)
        taken.reject(contractMismatch(`the ${name} agent at ${target}`, contract));
      else if (refusal === '') {
        isTaken = true;
        taken.resolve(undefined);
      } else taken.reject(new LivemigError('TESTBED_FAILED', `the ${name} agent at ${target}: ${refusal}`));
    });
    const broken = (why: string): void => {
      if (stream !== opened) return;
      stream = null;
      if (isOver) ended.resolve(undefined);
      else if (isTaken) again = setTimeout(connect, reconnectMs).unref();
      else taken.reject(new LivemigError('AGENT_UNREACHABLE', `the ${name} agent at ${target}: ${why}`));
    };
    opened.on('error', (error) => {
      broken(messageOf(error));
    });
    opened.on('end', () => {
      broken('it hung up');
    });
  };

  connect();
  const heart = setInterval(() => stream?.write(first), heartbeatMs).unref();
  const drop = (): void => {
    isOver = true;
    clearInterval(heart);
    clearTimeout(again);
    stream?.cancel();
    client.close();
  };
  const late = setTimeout(() => {
    taken.reject(new LivemigError('AGENT_UNREACHABLE', `the ${name} agent at ${target} did not take this harness within ${takeTimeoutMs} ms`)); // prettier-ignore
  }, takeTimeoutMs);
  try {
    await untilAborted(taken.promise, signal);
  } catch (error) {
    drop();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return {
    release: async () => {
      isOver = true;
      if (stream !== null) {
        stream.write({ ...first, release: true });
        const timer = setTimeout(ended.resolve, releaseTimeoutMs, undefined);
        await ended.promise;
        clearTimeout(timer);
      }
      drop();
    },
    drop,
  };
};

/**
 * Holds every host, or none.
 * @throws LivemigError TESTBED_FAILED, AGENT_UNREACHABLE; the signal's reason once it has fired
 */
export const holdLeases = async (
  agents: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<HeldLease> => {
  const outcomes = await Promise.allSettled(
    Object.entries(agents).map(([name, address]) => holdLease(name, address, signal)),
  );
  const held = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const all: HeldLease = {
    release: async () => {
      await Promise.all(held.map((lease) => lease.release()));
    },
    drop: () => {
      for (const lease of held) lease.drop();
    },
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined && signal?.aborted !== true) return all;
  await all.release();
  throw failed === undefined ? signal?.reason : failed.reason;
};
