/**
 * Announces a guest as a hypervisor does, until it is acknowledged; prints {"tookMs":…,"atMs":…} or, after a second,
 * {"tookMs":null}.
 * usage: node announce.ts OWN_ADDRESS ROUTER PORT GUEST
 */
import { createSocket } from 'node:dgram';
import { announcementAck, announcementOf } from '#proto/announce';
import { monotonicMs } from '#proto/units';

const [own, router, port, guest] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.bind(0, own, () => {
  const startedAtMs = monotonicMs();
  const send = (): void => {
    socket.send(announcementOf(String(guest)), Number(port), router);
  };
  const finish = (tookMs: number | null): void => {
    clearInterval(repeat);
    clearTimeout(giveUp);
    socket.close();
    console.log(JSON.stringify({ tookMs, startedAtMs }));
  };
  const repeat = setInterval(send, 50);
  const giveUp = setTimeout(() => {
    finish(null);
  }, 1_000);
  socket.on('message', (message) => {
    if (message.toString() === announcementAck) finish(monotonicMs() - startedAtMs);
  });
  send();
});
