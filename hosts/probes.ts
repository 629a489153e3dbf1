/** Probes of the data network, for calibration: UDP echo and plain TCP, as the application sees them. */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { ArgumentOf, RttProbeResult, ThroughputProbeResult } from '#proto/control';
import { asError, codeOf, LivemigError, messageOf } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import type { Probes } from './house.ts';
import { probeRecord } from './probe-record.ts';
import { acceptThroughputProbe, requestOf } from './probe-sink.ts';

/** A number, and as much again: what calibration has always sent. */
const probeBytes = 8;
/** The sink's report is a line of three numbers. */
const reportMaxCharacters = 1_000;
const chunk = Buffer.alloc(1 << 20);

const listening = (server: UdpSocket | Server, bind: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: Error) => {
      reject(new LivemigError('TESTBED_FAILED', `can't serve probes: ${messageOf(cause)}`, { cause }));
    });
    server.once('listening', resolve);
    server.once('close', () => {
      reject(new LivemigError('CANCELLED', 'expected to serve probes, and was closed before'));
    });
    // Later errors must not end the agent: a datagram that can't be sent counts as lost.
    server.on('error', () => undefined);
    bind();
  });

/** Round trips by the sender's clock alone. @param closing ends it early. */
const measureRtt = async (target: ArgumentOf<'probeRtt'>, closing: AbortSignal): Promise<RttProbeResult> => {
  const socket = createSocket('udp4');
  const record = probeRecord(target.count);
  const sentAtMs = new Float64Array(target.count);
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  let last: NodeJS.Timeout | undefined;
  let ended: () => void = () => undefined;
  try {
    await listening(socket, () => {
      socket.bind(0);
    });
    closing.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      socket.on('error', (cause: Error) => {
        reject(
          new LivemigError('LINK_OUT_OF_TOLERANCE', `probes to ${target.address}: ${messageOf(cause)}`, {
            cause,
          }),
        );
      });
      const cancel = (): void => {
        reject(asError(closing.reason));
      };
      closing.addEventListener('abort', cancel, { once: true });
      ended = () => {
        closing.removeEventListener('abort', cancel);
      };
      socket.on('message', (message) => {
        if (message.length !== probeBytes) return;
        const nth = message.readUInt32LE(0);
        const answers = record.answered(nth, monotonicMs() - (sentAtMs[nth] ?? NaN));
        if (answers < (target.enough ?? target.count)) return;
        // What comes twice has come twice by the next turn, or is too late to be told.
        setImmediate(resolve);
      });
      timer = setInterval(() => {
        if (sent === target.count) {
          clearInterval(timer);
          last = setTimeout(resolve, target.patienceMs);
          return;
        }
        const probe = Buffer.alloc(probeBytes);
        probe.writeUInt32LE(sent, 0);
        sentAtMs[sent] = monotonicMs();
        sent += 1;
        socket.send(probe, target.port, target.address, (cause) => {
          if (cause !== null) socket.emit('error', cause);
        });
      }, target.intervalMs);
    });
  } finally {
    // Before the socket goes: sending on a closed one throws, and nothing above the timer would catch that.
    clearInterval(timer);
    clearTimeout(last);
    ended();
    socket.close();
  }
  const result = record.result(sent);
  if (result === null)
    throw new LivemigError(
      'LINK_OUT_OF_TOLERANCE',
      `none of ${String(sent)} probes to ${target.address} came back within ${String(target.patienceMs)} ms`,
    );
  return result;
};

/** What the sink has measured; null = not a report. It may come from whoever listens there. */
const reportOf = (answer: string): ThroughputProbeResult | null => {
  try {
    const { goodputMbps, bytes, measuredMs } = JSON.parse(answer) as Partial<ThroughputProbeResult>;
    const isReport = [goodputMbps, bytes, measuredMs].every(
      (value) => typeof value === 'number' && value >= 0,
    );
    return isReport ? ({ goodputMbps, bytes, measuredMs } as ThroughputProbeResult) : null;
  } catch {
    return null;
  }
};

/** A very lossy link may lose a connection; a refused one says nothing about the link. */
const failureOf = (cause: unknown): 'CONNECTION_REFUSED' | 'LINK_OUT_OF_TOLERANCE' =>
  codeOf(cause) === 'CONNECTION_REFUSED' ? 'CONNECTION_REFUSED' : 'LINK_OUT_OF_TOLERANCE';

const measureThroughput = (
  target: ArgumentOf<'probeThroughput'>,
  sockets: Set<Socket>,
): Promise<ThroughputProbeResult> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    sockets.add(socket);
    let answer = '';
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      sockets.delete(socket);
      // A reset: a plain close would go on sending what is buffered, into the next measurement.
      socket.resetAndDestroy();
      settle();
    };
    const fail = (why: string, cause?: unknown): void => {
      finish(() => {
        reject(
          new LivemigError(failureOf(cause), `throughput probe to ${target.address}: ${why}`, {
            cause,
          }),
        );
      });
    };
    const timer = setTimeout(() => {
      fail(`no report from the sink within ${String(target.patienceMs)} ms`);
    }, target.patienceMs);
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('connect', () => {
      socket.write(requestOf(target.rampMs, target.measureMs));
      pump();
    });
    socket.on('drain', pump);
    socket.on('data', (data) => {
      answer += data.toString();
      if (answer.length > reportMaxCharacters) fail('expected the report of a sink, got something longer');
      if (!answer.endsWith('\n')) return;
      const report = reportOf(answer);
      if (report === null) fail('expected the report of a sink, got something else');
      else
        finish(() => {
          resolve(report);
        });
    });
    socket.on('error', (cause) => {
      fail(messageOf(cause), cause);
    });
    socket.on('close', () => {
      fail('the connection closed before the sink reported');
    });
  });

/** The probes' methods for source and destination. `close` ends the servers and every probe under way. */
export const createProbes = (): Probes => {
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  let served: Promise<{ udpPort: number; tcpPort: number }> | undefined;
  let echo: UdpSocket | undefined;
  let sink: Server | undefined;

  /** When the host closes, no probe is of any use, whatever became of it. */
  const whileOpen = async <T>(probe: () => Promise<T>): Promise<T> => {
    closing.signal.throwIfAborted();
    try {
      return await probe();
    } finally {
      closing.signal.throwIfAborted();
    }
  };

  const serve = async (address: string): Promise<{ udpPort: number; tcpPort: number }> => {
    const udp = (echo = createSocket('udp4'));
    udp.on('message', (message, sender) => {
      // Port 0 can't be sent to, but a datagram may say that it came from there.
      if (sender.port !== 0) udp.send(message, sender.port, sender.address, () => undefined);
    });
    await listening(udp, () => {
      udp.bind(0, address);
    });
    closing.signal.throwIfAborted();
    const tcp = (sink = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      acceptThroughputProbe(socket);
    }));
    // A server closed before it listens would listen all the same.
    tcp.once('listening', () => {
      if (closing.signal.aborted) tcp.close();
    });
    await listening(tcp, () => {
      tcp.listen(0, address);
    });
    return { udpPort: udp.address().port, tcpPort: (tcp.address() as { port: number }).port };
  };

  return {
    handlers: {
      probeServe: ({ address }) =>
        (served ??= whileOpen(() => serve(address)).catch((error: unknown) => {
          served = undefined;
          throw error;
        })),
      probeRtt: (target) => whileOpen(() => measureRtt(target, closing.signal)),
      probeThroughput: (target) => whileOpen(() => measureThroughput(target, sockets)),
    },
    close: async () => {
      closing.abort(new LivemigError('CANCELLED', 'the host closes, and its probes with it'));
      for (const socket of sockets) socket.destroy();
      echo?.close();
      await new Promise((resolve) => (sink === undefined ? resolve(undefined) : sink.close(resolve)));
      served = echo = sink = undefined;
    },
  };
};
