import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { LivemigError, messageOf } from '#proto/errors';
import { maxPings, pingReplyBytes, pingRequestBytes } from '#proto/pings';
import { monotonicMs } from '#proto/units';
import { PingRecorder } from './recorder.ts';

/** Node's finest timer. */
const tickMs = 1;
const settlePollMs = 2;

export interface Pinger {
  readonly recorder: PingRecorder;
  /**
   * Stops sending, waits for outstanding answers, and closes. Links keep packets in order, so the answer to the newest
   * ping is the last; `settleMs` bounds the wait for it. When called again, the shorter bound holds.
   */
  stop(settleMs: number): Promise<void>;
}

/** A connected socket spares an address lookup for each ping, and takes answers from the guest only. */
const connected = (socket: Socket, address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.connect(port, address, (error?: Error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });

/**
 * Pings a UDP address at a steady rate without drift: a tick sends whatever has fallen due, so that a late timer costs
 * a moment's resolution and never a ping. Times are taken in this process, next to the system calls.
 * @throws LivemigError TESTBED_FAILED when no socket can be had.
 */
export const startPinger = async (address: string, port: number, intervalMs: number): Promise<Pinger> => {
  const recorder = new PingRecorder(maxPings);
  const socket = createSocket('udp4');
  try {
    await connected(socket, address, port);
  } catch (cause) {
    socket.close();
    throw new LivemigError(
      'TESTBED_FAILED',
      `the observer can't open a UDP socket to ${address}:${port}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  // A ping that can't be sent or is refused counts as lost, which is what the samples say already.
  socket.on('error', () => undefined);
  socket.on('message', (reply) => {
    if (reply.length !== pingReplyBytes) return;
    recorder.recordReceived(reply.readUInt32LE(0), reply.readUInt8(4), monotonicMs());
  });

  const startedAtMs = monotonicMs();
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    const elapsedMs = monotonicMs() - startedAtMs;
    while (recorder.sent * intervalMs <= elapsedMs && !recorder.full) {
      const ping = Buffer.allocUnsafe(pingRequestBytes);
      ping.writeUInt32LE(recorder.recordSent(monotonicMs()), 0);
      socket.send(ping, () => undefined);
    }
    if (recorder.full) return;
    const nextAtMs = startedAtMs + recorder.sent * intervalMs;
    timer = setTimeout(tick, Math.max(tickMs, Math.ceil(nextAtMs - monotonicMs())));
  };
  tick();

  let stopped: Promise<void> | undefined;
  let untilMs = Infinity;
  return {
    recorder,
    stop: (settleMs) => {
      untilMs = Math.min(untilMs, monotonicMs() + settleMs);
      return (stopped ??= (async () => {
        clearTimeout(timer);
        while (!recorder.isNewestAnswered && monotonicMs() < untilMs)
          await new Promise((resolve) => setTimeout(resolve, settlePollMs));
        await new Promise<void>((resolve) => socket.close(resolve));
      })());
    },
  };
};
