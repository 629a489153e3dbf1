import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Service } from '#catalogue/workload';
import { openServicePort } from '#hosts/guest/service-port';
import { control, registerWords, runState } from '#hosts/guest/shared';
import { LoadRecorder } from '#hosts/observer/load-recorder';
import { LoadSchedule } from '#hosts/observer/load-schedule';
import { createObserver } from '#hosts/observer/observer';
import { VersionOracle } from '#hosts/observer/version-oracle';
import { pingHost } from '#proto/pings';
import type { LoadOrder, LoadSamples } from '#proto/service';
import { decodeLoadSamples, encodeLoadSamples, outcomes, serviceStatus } from '#proto/service';

const order = (port: number, more: Partial<LoadOrder> = {}): LoadOrder => ({
  ...{
    rate: 500,
    arrivals: 'uniform',
    timeoutMs: 200,
    guestAddress: '127.0.0.1',
    port,
    seed: 1,
    pageCount: 100,
  },
  ...more,
});

/** Sends requests for a while. */
const loaded = async (asked: LoadOrder, ms: number): Promise<LoadSamples> => {
  const observer = createObserver();
  try {
    await observer.handlers.startLoad!(asked, undefined);
    await sleep(ms);
    const { blob } = (await observer.handlers.stopLoad!({}, undefined)) as { blob: Buffer };
    return decodeLoadSamples(blob);
  } finally {
    await observer.close();
  }
};
const countsOf = ({ outcome }: LoadSamples): Record<string, number> =>
  Object.fromEntries(outcomes.map((name, nth) => [name, outcome.filter((each) => each === nth).length]));

const answerOf = (id: number, version: number, status: number = serviceStatus.done): Buffer => {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt8(pingHost.source, 4);
  bytes.writeUInt8(status, 5);
  bytes.writeUInt16LE(1, 6);
  bytes.writeUInt32LE(7, 8);
  bytes.writeUInt32LE(version, 12);
  return bytes;
};

/** Answers each request by what `answer` says; null = not at all. */
const served = async (answer: (id: number) => Buffer | null): Promise<{ port: number; socket: Socket }> => {
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const bytes = answer(message.readUInt32LE(0));
    if (bytes !== null) socket.send(bytes, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, socket };
};

describe('the load on a service', () => {
  test('goes out on its schedule; each request has its answer', async () => {
    const { port, socket } = await served((id) => answerOf(id, id));
    const samples = await loaded(order(port), 500);
    socket.close();
    const { done, ...errors } = countsOf(samples);
    expect(samples.outcome.length).toBeGreaterThan(200);
    expect(done).toBe(samples.outcome.length);
    expect(errors).toEqual({ timeout: 0, refused: 0, stale: 0, other: 0 });
    expect(samples.scheduledAtMs[100]! - samples.scheduledAtMs[0]!).toBeCloseTo(200, 6);
  });

  test('a service that answers from old pages is stale', async () => {
    const { port, socket } = await served((id) => answerOf(id, id < 100 ? 50 : 49));
    const { done, stale } = countsOf(await loaded(order(port), 500));
    socket.close();
    expect(done).toBe(100);
    expect(stale).toBeGreaterThan(100);
  });

  test('what is not answered times out, also where the answer comes late; nonsense is other', async () => {
    const { port, socket } = await served((id) => (id % 2 === 0 ? null : answerOf(id, 1, 9)));
    const { done, timeout, other } = countsOf(await loaded(order(port), 300));
    socket.close();
    expect(done).toBe(0);
    expect(timeout).toBeGreaterThan(50);
    expect(other).toBeGreaterThan(50);
  });

  test('one load at a time, and none is stopped that was not started', async () => {
    const observer = createObserver();
    await expect(observer.handlers.stopLoad!({}, undefined)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    await observer.handlers.startLoad!(order(9), undefined);
    await expect(observer.handlers.startLoad!(order(9), undefined)).rejects.toMatchObject({
      code: 'ILLEGAL_PHASE',
    });
    await observer.close();
  });
});

test('a guest whose queue is full refuses what comes on top; a paused one is silent', async () => {
  const service: Service = { queuedMost: 20, accessesPerRequest: 1, responseBytes: 64 };
  const controls = new Int32Array(new SharedArrayBuffer(control.words * 4));
  const registers = new SharedArrayBuffer(registerWords * 4 + (2 + 3 * 20) * 4);
  const probe = await served(() => null);
  probe.socket.close();
  const port = await new Promise<Socket>((resolve) => {
    const opened = openServicePort(
      { service, port: probe.port, vcpus: 1, registers, answers: [], bells: [] },
      controls,
      '127.0.0.1',
      1,
      () => {
        resolve(opened);
      },
    );
  });
  controls[control.runState] = runState.running;
  const running = countsOf(await loaded(order(probe.port), 300));
  controls[control.runState] = runState.paused;
  const paused = countsOf(await loaded(order(probe.port), 300));
  port.close();
  // No vCPU takes any out of the queue.
  expect(running['timeout']).toBe(20);
  expect(running['refused']).toBeGreaterThan(100);
  expect(paused['refused']).toBe(0);
  expect(paused['timeout']).toBeGreaterThan(100);
});

describe('what the observer knows of pages', () => {
  test('an answer older than one that had come before its request was sent is stale; a simultaneous one is not', () => {
    const oracle = new VersionOracle(10, 0);
    oracle.note(3, 5, 15);
    expect(oracle.isStale(3, 4, 12)).toBe(false);
    expect(oracle.isStale(3, 4, 25)).toBe(true);
    expect(oracle.isStale(3, 5, 25)).toBe(false);
    expect(oracle.isStale(4, 0, 25)).toBe(false);
  });

  test('a page that changes all the time is compared with what was known an epoch before', () => {
    const oracle = new VersionOracle(10, 0);
    for (let atMs = 0; atMs < 100; atMs++) oracle.note(3, atMs, atMs);
    expect(oracle.isStale(3, 80, 99)).toBe(true);
    expect(oracle.isStale(3, 92, 99)).toBe(false);
  });
});

describe('a schedule', () => {
  const gapsOf = (arrivals: LoadOrder['arrivals'], seed: number): number[] => {
    const schedule = new LoadSchedule({ rate: 1000, arrivals }, seed, 0);
    return Array.from({ length: 20_000 }, () => {
      const { dueAtMs } = schedule;
      schedule.next();
      return schedule.dueAtMs - dueAtMs;
    });
  };
  const meanOf = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  test('uniform: at equal distances', () => {
    expect(gapsOf('uniform', 1).every((gap) => Math.abs(gap - 1) < 1e-6)).toBe(true);
  });

  test('poisson: mean and standard deviation are one distance, by the seed', () => {
    const gaps = gapsOf('poisson', 1);
    const deviation = Math.sqrt(meanOf(gaps.map((gap) => (gap - 1) ** 2)));
    expect(meanOf(gaps)).toBeGreaterThan(0.97);
    expect(meanOf(gaps)).toBeLessThan(1.03);
    expect(deviation).toBeGreaterThan(0.95);
    expect(deviation).toBeLessThan(1.05);
    expect(gapsOf('poisson', 1)).toEqual(gaps);
    expect(gapsOf('poisson', 2)).not.toEqual(gaps);
  });
});

test('samples survive the wire; other bytes are refused', () => {
  const recorder = new LoadRecorder({ timeoutMs: 100, pageCount: 100 }, 0);
  for (let nth = 0; nth < 5; nth++) recorder.sent(nth, nth + 0.25);
  recorder.answered(answerOf(2, 1), 64, 9);
  recorder.answered(answerOf(3, 1), 64, 500);
  recorder.unsent(4);
  const blob = encodeLoadSamples(recorder.samples());
  const samples = decodeLoadSamples(blob);
  expect(samples).toEqual(recorder.samples());
  expect([...samples.outcome].map((each) => outcomes[each])).toEqual([
    'timeout',
    'timeout',
    'done',
    'timeout',
    'other',
  ]);
  expect(samples.latencyMs[2]).toBe(7);
  expect(samples.lateMs[0]).toBe(0.25);
  expect(() => decodeLoadSamples(blob.subarray(1))).toThrow('expected samples of a load');
  const wrong = Buffer.from(blob);
  wrong[wrong.length - 1] = 77;
  expect(() => decodeLoadSamples(wrong)).toThrow('expected samples of a load');
});
