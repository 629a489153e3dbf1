/**
 * The guest's network card: a thread that answers pings on the guest's own address while, and only while, the guest
 * runs on this host, and that takes the requests of a guest that is a service (service-port.ts). A ping is a sequence number
 * (4 bytes); the answer adds the host (1 = source, 2 = destination).
 */
import { createSocket } from 'node:dgram';
import { parentPort } from 'node:worker_threads';
import type { ServicePortData } from './service-port.ts';
import { openServicePort } from './service-port.ts';
import { control, runState } from './shared.ts';
import { threadData } from './thread-data.ts';

export interface NicData {
  control: SharedArrayBuffer;
  address: string;
  port: number;
  hostNumber: 1 | 2;
  service?: ServicePortData;
}

const { control: shared, address, port, hostNumber, service } = threadData() as NicData;
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
let opening = service === undefined ? 1 : 2;
const ready = (): void => {
  if (--opening === 0) parentPort?.postMessage('ready');
};
socket.bind(port, address, ready);
if (service !== undefined) openServicePort(service, controls, address, hostNumber, ready);
