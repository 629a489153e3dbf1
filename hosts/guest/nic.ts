/**
 * The guest's network card: a thread that answers pings on the guest's own address while, and only while, the guest
 * runs on this host. A ping is a sequence number (4 bytes); the answer adds the host (1 = source, 2 = destination).
 */
import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { control, runState } from './shared.ts';

export interface NicData {
  control: SharedArrayBuffer;
  address: string;
  port: number;
  hostNumber: 1 | 2;
}

const { control: shared, address, port, hostNumber } = workerData as NicData;
const controls = new Int32Array(shared);
const socket = createSocket('udp4');
const answer = Buffer.alloc(5);

socket.on('message', (ping, from) => {
  if (Atomics.load(controls, control.runState) !== runState.running || ping.length < 4) return;
  ping.copy(answer, 0, 0, 4);
  answer[4] = hostNumber;
  // Port 0 can't be sent to, but a datagram may say that it came from there.
  if (from.port === 0) return;
  // A copy: the socket may send later, when the next ping has overwritten this one. An answer that can't be sent is lost.
  socket.send(Buffer.from(answer), from.port, from.address, () => undefined);
});
socket.on('error', (error) => {
  throw error;
});
socket.bind(port, address, () => parentPort?.postMessage('ready'));
parentPort?.on('message', () => {
  socket.close();
  parentPort?.close();
});
