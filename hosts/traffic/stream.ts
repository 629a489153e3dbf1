import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LivemigError, messageOf } from '#proto/errors';
import type { TrafficEnd } from '#proto/traffic';
import { payloadShareOf } from '#proto/traffic';
import { monotonicMs } from '#proto/units';
import { Pacing } from './pacing.ts';
import type { TrafficRecorder } from './recorder.ts';

const paceMs = 2;
const connectMs = 10_000;
/** Unit of the pacing: one full segment. */
const unitBytes = 1448;
/** What may wait in the process for TCP to take it: what a busy link holds up isn't made up for later. */
const waitingMostMs = 20;
const bits = 1_000;

/** One paced TCP connection, until it is closed. Resolves when it stands, or the other end may come. */
export const runStream = async (
  end: TrafficEnd,
  recorder: TrafficRecorder,
  failed: (error: LivemigError) => void,
): Promise<{ close: () => void }> => {
  const bytesPerMs = (end.rateMbps * bits * payloadShareOf(end, end.mtuBytes)) / 8;
  const sends = end.initiates || end.bothWays;
  let server: Server | undefined;
  let timer: NodeJS.Timeout | undefined;
  let connection: Socket | undefined;
  let isClosed = false;

  const carry = (socket: Socket): void => {
    connection = socket;
    socket.on('data', (data) => {
      recorder.arrived(data.length, monotonicMs());
    });
    socket.on('error', (cause) => {
      if (!isClosed && end.initiates)
        failed(new LivemigError('CONNECTION_LOST', `traffic to ${end.peer}: ${messageOf(cause)}`, { cause }));
    });
    if (!sends) return;
    const pacing = new Pacing(bytesPerMs / unitBytes, monotonicMs());
    const payload = Buffer.alloc(1 << 20);
    timer = setInterval(() => {
      const nowMs = monotonicMs();
      const due = Math.min(pacing.due(nowMs), Math.floor(payload.length / unitBytes));
      if (due === 0) return;
      pacing.sent(due);
      if (socket.writableLength > waitingMostMs * bytesPerMs) return;
      socket.write(payload.subarray(0, due * unitBytes));
      recorder.sent(due * unitBytes, nowMs);
    }, paceMs);
  };

  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(
        new LivemigError('TESTBED_FAILED', `traffic on port ${end.port}: ${messageOf(cause)}`, { cause }),
      );
    };
    if (end.initiates) {
      const socket = connect({
        host: end.peer,
        port: end.port,
        localAddress: end.address,
        noDelay: true,
        timeout: connectMs,
      });
      socket.once('error', refuse);
      socket.once('timeout', () => {
        socket.destroy(new Error(`no connection within ${connectMs} ms`));
      });
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.off('error', refuse);
        carry(socket);
        resolve();
      });
      return;
    }
    server = createServer({ noDelay: true }, (socket) => {
      if (connection === undefined) carry(socket);
      else socket.destroy();
    });
    server.once('error', refuse);
    server.listen(end.port, end.address, resolve);
  });
  return {
    close: () => {
      isClosed = true;
      clearInterval(timer);
      connection?.destroy();
      server?.close();
    },
  };
};
