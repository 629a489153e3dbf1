/**
 * Sends numbered datagrams to a UDP echo and prints {"order":[…],"rttMs":[…]} by arrival.
 * usage: node udp-trace.ts ADDRESS PORT COUNT INTERVAL_MS
 */
import { createSocket } from 'node:dgram';

const [address, port, count, intervalMs] = process.argv.slice(2);
const socket = createSocket('udp4');
const order: number[] = [];
const rttMs: number[] = [];
let sent = 0;
socket.on('message', (message) => {
  order.push(message.readUInt32LE(8));
  rttMs.push(performance.now() - message.readDoubleLE(0));
});
const startedAt = performance.now();
const timer = setInterval(() => {
  // Catches up after a late tick, so that the rate holds.
  const due = Math.min(Number(count), Math.floor((performance.now() - startedAt) / Number(intervalMs)));
  for (; sent < due; sent += 1) {
    const datagram = Buffer.alloc(12);
    datagram.writeDoubleLE(performance.now(), 0);
    datagram.writeUInt32LE(sent, 8);
    socket.send(datagram, Number(port), address);
  }
  if (sent < Number(count)) return;
  clearInterval(timer);
  setTimeout(() => {
    socket.close();
    console.log(JSON.stringify({ order, rttMs }));
  }, 800);
}, 1);
