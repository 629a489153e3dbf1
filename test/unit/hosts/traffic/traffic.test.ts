import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Traffic } from '#hosts/house';
import { createTraffic } from '#hosts/traffic/traffic';
import type { TrafficEnd, TrafficKind, TrafficSamples } from '#proto/traffic';
import { decodeTrafficSamples, trafficIntervalMs } from '#proto/traffic';

const addresses = ['127.0.0.31', '127.0.0.32'] as const;
const base = 27_010;

const endOf = (kind: TrafficKind, initiates: boolean, more: Partial<TrafficEnd> = {}): TrafficEnd => ({
  ...{ kind, port: base, initiates, bothWays: kind === 'ping' },
  ...{ rateMbps: 20, packetBytes: 1000, windowBytes: 64_000, mtuBytes: 1500 },
  address: addresses[initiates ? 0 : 1],
  peer: addresses[initiates ? 1 : 0],
  ...more,
});

let hosts: Traffic[] = [];
beforeEach(() => {
  hosts = [createTraffic(), createTraffic()];
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
});

const start = (host: Traffic, end: TrafficEnd) => host.handlers.startTraffic(end, undefined);
const stop = async (host: Traffic, port = base): Promise<TrafficSamples> => {
  const answer = await host.handlers.stopTraffic({ port }, undefined);
  return decodeTrafficSamples('blob' in answer ? answer.blob : Buffer.alloc(0));
};

const mbpsOf = (bytes: Float64Array): number =>
  (bytes.reduce((sum, each) => sum + each, 0) * 8) / 1000 / (bytes.length * trafficIntervalMs);

const between = async (kind: TrafficKind, more: Partial<TrafficEnd> = {}) => {
  const [initiator, responder] = hosts as [Traffic, Traffic];
  await start(responder, endOf(kind, false, more));
  await start(initiator, endOf(kind, true, more));
  await sleep(1_000);
  return { initiator: await stop(initiator), responder: await stop(responder) };
};

const attempts = 4;

/** A machine that is busy elsewhere makes a flow late, so this tries again; a flow that is wrong is wrong every time. */
const sooner = async <T>(measure: () => Promise<T>, isFast: (measured: T) => boolean): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    const measured = await measure();
    if (isFast(measured) || attempt === attempts) return measured;
  }
};

describe('traffic between two hosts', () => {
  test('ping has its rate, and round trips', async () => {
    const { initiator } = await sooner(
      () => between('ping'),
      (ends) => mbpsOf(ends.initiator.arrivedBytes) > 15,
    );
    expect(mbpsOf(initiator.arrivedBytes)).toBeGreaterThan(15);
    expect(mbpsOf(initiator.arrivedBytes)).toBeLessThan(21);
    expect(initiator.rttMs.length).toBeGreaterThan(50);
    expect(Math.min(...initiator.rttMs)).toBeGreaterThan(0);
  }, 30_000);

  test('ping forward carries news back only', async () => {
    const { initiator, responder } = await sooner(
      () => between('ping', { bothWays: false }),
      (ends) => mbpsOf(ends.responder.arrivedBytes) > 10,
    );
    expect(mbpsOf(responder.arrivedBytes)).toBeGreaterThan(10);
    expect(mbpsOf(initiator.arrivedBytes)).toBeLessThan(mbpsOf(responder.arrivedBytes) / 10);
  }, 30_000);

  test('an echo that nobody answers is not sent on and on, as datagrams are', async () => {
    const [initiator] = hosts as [Traffic];
    await start(initiator, endOf('ping', true));
    await start(initiator, endOf('udp', true, { port: base + 1 }));
    await sleep(1_000);
    const [ping, udp] = [await stop(initiator), await stop(initiator, base + 1)];
    expect(mbpsOf(udp.sentBytes)).toBeGreaterThan(3 * mbpsOf(ping.sentBytes));
  }, 30_000);

  test.each(['udp', 'tcp'] as const)(
    '%s arrives at its rate, in both directions where asked',
    async (kind) => {
      const leastMbps = kind === 'udp' ? 10 : 8;
      const { initiator, responder } = await sooner(
        () => between(kind, { bothWays: true }),
        (ends) => Object.values(ends).every(({ arrivedBytes }) => mbpsOf(arrivedBytes) > leastMbps),
      );
      for (const { arrivedBytes } of [initiator, responder])
        expect(mbpsOf(arrivedBytes)).toBeGreaterThan(leastMbps);
    },
    30_000,
  );

  test('a port in use, one flow twice, and one that never began are refused', async () => {
    const [one, other] = hosts as [Traffic, Traffic];
    await start(one, endOf('udp', true));
    await expect(start(one, endOf('udp', true))).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(start(other, endOf('udp', true))).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
    await expect(stop(other)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  }, 30_000);

  test('a connection to nobody fails, and leaves nothing', async () => {
    const [one] = hosts as [Traffic];
    await expect(start(one, endOf('tcp', true))).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
    await expect(stop(one)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  }, 30_000);

  test('a host that closes ends it', async () => {
    const [one] = hosts as [Traffic];
    await start(one, endOf('udp', true));
    await one.close();
    await expect(stop(one)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    await expect(start(one, endOf('udp', true))).rejects.toMatchObject({ code: 'CANCELLED' });
  }, 30_000);
});
