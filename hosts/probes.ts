/** Probes of the data network, for calibration: UDP echo and plain TCP, as the application sees them. */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { ArgumentOf, ControlHandlers, RttProbeResult, ThroughputProbeResult } from '../proto/control.ts';
import { LivemigError, messageOf } from '../proto/errors.ts';
import { monotonicMs } from '../proto/units.ts';
import { acceptThroughputProbe, requestOf } from './probe-sink.ts';

/** The sink's report is a line of three numbers. */
const reportMaxCharacters = 1_000;
const chunk = Buffer.alloc(1 << 20);

const listening = (server: UdpSocket | Server, bind: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: Error) => {
      reject(new LivemigError('TESTBED_FAILED', `can't serve probes: ${messageOf(cause)}`, { cause }));
    });
    server.once('listening', resolve);
    // Whatever befalls it later, the agent has more to do: a datagram that can't be sent is one that is lost.
    server.on('error', () => undefined);
    bind();
  });

/** Round trips by the sender's clock alone. */
const measureRtt = async (target: ArgumentOf<'probeRtt'>): Promise<RttProbeResult> => {
  const socket = createSocket('udp4');
  const rtts: number[] = [];
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  let last: NodeJS.Timeout | undefined;
  try {
    await listening(socket, () => {
      socket.bind(0);
    });
    await new Promise<void>((resolve, reject) => {
      socket.on('error', (cause: Error) => {
        reject(
          new LivemigError('LINK_OUT_OF_TOLERANCE', `probes to ${target.address}: ${messageOf(cause)}`, {
            cause,
          }),
        );
      });
      socket.on('message', (message) => {
        if (message.length === 8) rtts.push(monotonicMs() - message.readDoubleLE(0));
        if (rtts.length >= (target.enough ?? target.count)) resolve();
      });
      timer = setInterval(() => {
        if (sent === target.count) {
          clearInterval(timer);
          last = setTimeout(resolve, target.patienceMs);
          return;
        }
        const stamp = Buffer.alloc(8);
        stamp.writeDoubleLE(monotonicMs());
        socket.send(stamp, target.port, target.address, (cause) => {
          if (cause !== null) socket.emit('error', cause);
        });
        sent += 1;
      }, target.intervalMs);
    });
  } finally {
    // Before the socket goes: sending on a closed one throws, and nothing above the timer would catch that.
    clearInterval(timer);
    clearTimeout(last);
    socket.close();
  }
  rtts.sort((a, b) => a - b);
  const at = (fraction: number): number => rtts[Math.floor(fraction * (rtts.length - 1))] ?? NaN;
  if (rtts.length === 0)
    throw new LivemigError(
      'LINK_OUT_OF_TOLERANCE',
      `none of ${String(sent)} probes to ${target.address} came back within ${String(target.patienceMs)} ms`,
    );
  return { samples: rtts.length, lost: sent - rtts.length, minMs: at(0), medianMs: at(0.5), maxMs: at(1) };
};

/** What the sink has measured; null = that is no report. Whoever listens there may have sent it. */
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
          new LivemigError('LINK_OUT_OF_TOLERANCE', `throughput probe to ${target.address}: ${why}`, {
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
export const createProbes = (): {
  handlers: Required<Pick<ControlHandlers, 'probeServe' | 'probeRtt' | 'probeThroughput'>>;
  close: () => Promise<void>;
} => {
  const sockets = new Set<Socket>();
  let served: Promise<{ udpPort: number; tcpPort: number }> | undefined;
  let echo: UdpSocket | undefined;
  let sink: Server | undefined;

  const serve = async (address: string): Promise<{ udpPort: number; tcpPort: number }> => {
    const udp = (echo = createSocket('udp4'));
    udp.on('message', (message, sender) => {
      // Port 0 can't be sent to, but a datagram may say that it came from there.
      if (sender.port !== 0) udp.send(message, sender.port, sender.address, () => undefined);
    });
    await listening(udp, () => {
      udp.bind(0, address);
    });
    const tcp = (sink = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      acceptThroughputProbe(socket);
    }));
    await listening(tcp, () => {
      tcp.listen(0, address);
    });
    return { udpPort: udp.address().port, tcpPort: (tcp.address() as { port: number }).port };
  };

  return {
    handlers: {
      probeServe: ({ address }) =>
        (served ??= serve(address).catch((error: unknown) => {
          served = undefined;
          throw error;
        })),
      probeRtt: measureRtt,
      probeThroughput: (target) => measureThroughput(target, sockets),
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      echo?.close();
      await new Promise((resolve) => (sink === undefined ? resolve(undefined) : sink.close(resolve)));
      served = echo = sink = undefined;
    },
  };
};
