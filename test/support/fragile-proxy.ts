import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy whose connections can be lost. */
export interface FragileProxy {
  /** Forwards to this port from now on. Returns the port to connect to. */
  towards: (port: number) => Promise<number>;
  /** Drops all connections and what is in flight in them; new ones can be made. */
  drop: () => void;
  /** Nothing passes for this time; connections stay. */
  hold: (durationMs: number) => void;
  close: () => void;
}

export const startFragileProxy = async (): Promise<FragileProxy> => {
  let target = 0;
  let isHeld = false;
  /** Each socket with the one that its bytes go to. */
  const sockets = new Map<Socket, Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    // As if the proxy were not there: if nobody listens behind it, nobody listens here.
    far.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && server.listening) server.close();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.set(socket, other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (!isHeld) socket.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    towards: async (port) => {
      target = port;
      return (server.address() as AddressInfo).port;
    },
    drop: () => {
      for (const socket of sockets.keys()) socket.resetAndDestroy();
    },
    hold: (durationMs) => {
      isHeld = true;
      for (const [socket, other] of sockets) socket.unpipe(other).pause();
      setTimeout(() => {
        isHeld = false;
        for (const [socket, other] of sockets) socket.pipe(other);
      }, durationMs);
    },
    close: () => {
      for (const socket of sockets.keys()) socket.destroy();
      if (server.listening) server.close();
    },
  };
};
