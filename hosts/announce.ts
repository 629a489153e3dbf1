import { createSocket } from 'node:dgram';
import { announcementAck, announcementOf } from '../proto/announce.ts';

const repeatMs = 10;
const repeatMax = 200;

/**
 * Tells the router that the guest lives here now, like QEMU's announce-self: a datagram, repeated until it is
 * acknowledged. Never fails: a guest that nobody can reach is what the observer measures.
 */
export const announceGuest = (guestAddress: string, routerAddress: string, port: number): void => {
  const socket = createSocket('udp4');
  let sent = 0;
  const send = (): void => {
    if (++sent > repeatMax) stop();
    else socket.send(announcementOf(guestAddress), port, routerAddress);
  };
  const timer = setInterval(send, repeatMs);
  const stop = (): void => {
    clearInterval(timer);
    socket.close();
  };
  socket.on('message', (answer) => {
    if (answer.toString() === announcementAck) stop();
  });
  socket.once('error', stop);
  send();
};
