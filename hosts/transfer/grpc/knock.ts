import { connect } from 'node:net';
import type { Door } from '../wire.ts';

/**
 * Whether somebody listens there. gRPC distinguishes a refused connection from a silent one only by the error's text.
 * @param target `address:port`
 * @returns within `maxMs`; never rejects.
 */
export const knock = (target: string, maxMs: number): Promise<Door> =>
  new Promise((resolve) => {
    const at = target.lastIndexOf(':');
    const socket = connect({ host: target.slice(0, at), port: Number(target.slice(at + 1)) });
    const patience = setTimeout(() => {
      answer('silent');
    }, maxMs);
    const answer = (door: Door): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve(door);
    };
    socket.once('connect', () => {
      answer('open');
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      answer(code === 'ECONNREFUSED' ? 'refused' : 'silent');
    });
  });
