import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import type { MessagePort } from 'node:worker_threads';
import type { Service } from '#catalogue/workload';
import { serviceAccessBytes, serviceHeaderBytes, serviceRequestBytes, serviceStatus } from '#proto/service';
import type { Answer, QueuedRequest } from './request-queue.ts';
import { AnswerRing, RequestQueue } from './request-queue.ts';
import { control, runState } from './shared.ts';

/** What the network card needs of a guest that is a service. */
export interface ServicePortData {
  service: Service;
  port: number;
  vcpus: number;
  registers: SharedArrayBuffer;
  /** Per vCPU. */
  answers: readonly SharedArrayBuffer[];
  /** Per vCPU: it tells that there are answers. */
  bells: readonly MessagePort[];
}

/** What the socket holds while the card's thread waits for a core; the kernel may allow less. */
const receiveBufferBytes = 4 << 20;

const numberOf = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
const textOf = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');

/** An answer on the wire, without its padding. Pure. */
const writeAnswer = (
  into: Buffer,
  { id, accesses }: Pick<Answer, 'id' | 'accesses'>,
  hostNumber: number,
  status: number,
): void => {
  into.writeUInt32LE(id, 0);
  into.writeUInt8(hostNumber, 4);
  into.writeUInt8(status, 5);
  into.writeUInt16LE(accesses.length / 2, 6);
  accesses.forEach((word, nth) => into.writeInt32LE(word, serviceHeaderBytes + 4 * nth));
};

/**
 * The card's side of a service: queues requests for the vCPUs while the guest runs on this host, refuses what the queue can't
 * take, and sends the answers. Requests to a paused guest are lost, as nobody listens.
 */
export const openServicePort = (
  data: ServicePortData,
  controls: Int32Array,
  address: string,
  hostNumber: number,
  ready: () => void,
): Socket => {
  const { service, vcpus, registers, answers, bells } = data;
  const queue = new RequestQueue(registers, vcpus, service);
  const socket = createSocket({ type: 'udp4', recvBufferSize: receiveBufferBytes });
  const sizeBytes = Math.max(
    service.responseBytes,
    serviceHeaderBytes + service.accessesPerRequest * serviceAccessBytes,
  );

  const refuse = (request: QueuedRequest, to: string): void => {
    const refusal = Buffer.alloc(serviceHeaderBytes);
    writeAnswer(refusal, { id: request.id, accesses: new Int32Array(0) }, hostNumber, serviceStatus.refused);
    socket.send(refusal, request.port, to, () => undefined);
  };

  socket.on('message', (message, from) => {
    if (Atomics.load(controls, control.runState) !== runState.running) return;
    if (message.length !== serviceRequestBytes || from.port === 0) return;
    const request = { id: message.readUInt32LE(0), address: numberOf(from.address), port: from.port };
    if (!queue.put(request)) {
      refuse(request, from.address);
      return;
    }
    Atomics.add(controls, control.doorbell, 1);
    Atomics.notify(controls, control.doorbell, 1);
  });
  socket.on('error', (error) => {
    throw error;
  });

  answers.forEach((shared, vcpu) => {
    const ring = new AnswerRing(shared, service);
    bells[vcpu]?.on('message', () => {
      // Made before the guest paused, if it has: they are on their way.
      for (const answer of ring.drain()) {
        const bytes = Buffer.alloc(sizeBytes);
        writeAnswer(bytes, answer, hostNumber, serviceStatus.done);
        if (answer.port !== 0) socket.send(bytes, answer.port, textOf(answer.address), () => undefined);
      }
    });
  });
  socket.bind(data.port, address, ready);
  return socket;
};
