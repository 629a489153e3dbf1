import { describe, expect, test } from '@jest/globals';
import type { Service } from '#catalogue/workload';
import { serviceOf } from '#catalogue/workloads';
import { loadRegisters, registerBytesOf, deviceStateBytesOf } from '#hosts/guest/device-state';
import {
  AnswerRing,
  answersBytesOf,
  RequestQueue,
  requestQueueBytesOf,
  requestsOf,
} from '#hosts/guest/request-queue';
import { allocateGuest, registerWords } from '#hosts/guest/shared';
import type { GuestConfig } from '#proto/guest';

const workload = {
  name: 'service',
  regionBytes: 4096,
  dirtyRatePagesPerSecond: 0,
  content: 'random',
  workers: 1,
  backlog: 2,
};
const guest = {
  ramBytes: 1 << 20,
  vcpus: 2,
  deviceStateBytes: 0,
  seed: 1,
  workload,
} as unknown as GuestConfig;
const service: Service = serviceOf(workload)!;
const buffersOf = () => allocateGuest(256, 2, 1, { requestQueueBytes: requestQueueBytesOf(guest) });
const queueOf = (registers: SharedArrayBuffer) => new RequestQueue(registers, 2, service);
const request = (id: number) => ({ id, address: 0x7f000001, port: 40_000 });

describe('the queue of requests', () => {
  test('takes them in order, as many as workers and backlog; no more', () => {
    const queue = queueOf(buffersOf().registers);
    expect([1, 2, 3, 4].map((id) => queue.put(request(id)))).toEqual([true, true, true, false]);
    expect(queue.take()).toEqual(request(1));
    expect(queue.put(request(5))).toBe(true);
    expect([queue.take()?.id, queue.take()?.id, queue.take()?.id, queue.take()]).toEqual([2, 3, 5, null]);
  });

  test('addresses and ports keep their highest bits', () => {
    const queue = queueOf(buffersOf().registers);
    const far = { id: 2 ** 32 - 1, address: 0xfffffffe, port: 65_535 };
    queue.put(far);
    expect(queue.take()).toEqual(far);
  });

  test('travels with the registers: the destination goes on where the source stopped', () => {
    const [source, destination] = [buffersOf(), buffersOf()];
    expect(registerBytesOf(guest)).toBe(2 * registerWords * 4 + (2 + 3 * 3) * 4);
    expect(deviceStateBytesOf(guest)).toBe(registerBytesOf(guest));
    const queue = queueOf(source.registers);
    queue.put(request(1));
    queue.put(request(2));
    queue.take();
    loadRegisters(destination, Buffer.from(source.registers));
    expect(queueOf(destination.registers).take()).toEqual(request(2));
    expect(queueOf(destination.registers).take()).toBeNull();
  });

  test('a queue out of a device state that holds nonsense has nothing, and takes nothing', () => {
    const { registers } = buffersOf();
    const words = new Int32Array(registers, 2 * registerWords * 4);
    words[0] = 7;
    const queue = queueOf(registers);
    expect(queue.take()).toBeNull();
    expect(queue.put(request(1))).toBe(false);
    words[1] = 2_000_000;
    expect(queue.take()).toBeNull();
    expect(queue.put(request(1))).toBe(false);
  });

  test('a guest that is no service has none', () => {
    const idle = { ...guest, workload: { ...workload, name: 'idle' } };
    expect(requestQueueBytesOf(idle)).toBe(0);
    expect(registerBytesOf(idle)).toBe(128);
  });
});

describe('answers', () => {
  const ringOf = () => new AnswerRing(new SharedArrayBuffer(answersBytesOf(service)), service);

  test('carry the pages that the request met, and the card is told once until it has looked', () => {
    const queue = queueOf(buffersOf().registers);
    const ring = ringOf();
    let told = 0;
    const requests = requestsOf(queue, ring, service, () => (told += 1));
    expect(requests.isEmpty).toBe(true);
    for (const id of [1, 2]) queue.put(request(id));
    for (const page of [10, 20]) {
      const taken = requests.take()!;
      taken.note(page, 3);
      taken.note(page + 1, 4);
      requests.answer(taken);
    }
    expect(told).toBe(1);
    const drained = [...ring.drain()].map(({ id, accesses }) => [id, ...accesses]);
    expect(drained).toEqual([
      [1, 10, 3, 11, 4],
      [2, 20, 3, 21, 4],
    ]);
    queue.put(request(3));
    requests.answer(requests.take()!);
    expect(told).toBe(2);
    expect([...ring.drain()].map(({ id, accesses }) => [id, accesses.length])).toEqual([[3, 0]]);
  });

  test('a full ring loses answers, and keeps those it has', () => {
    const ring = ringOf();
    const none = new Int32Array(0);
    for (let id = 0; id < 1100; id++) ring.put(request(id), none, 0);
    const ids = [...ring.drain()].map(({ id }) => id);
    expect(ids).toHaveLength(1024);
    expect(ids.at(-1)).toBe(1023);
  });
});
