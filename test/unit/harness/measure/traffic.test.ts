import { describe, expect, test } from '@jest/globals';
import type { TrafficConfig, TrafficSamples } from '#proto/traffic';
import {
  decodeTrafficSamples,
  encodeTrafficSamples,
  payloadShareOf,
  trafficIntervalMs,
} from '#proto/traffic';
import { checkTraffic } from '#harness/measure/cross-checks';
import { trafficOf } from '#harness/measure/traffic';
import { wireBetween } from '#harness/measure/wire';

const config: TrafficConfig = {
  ...{ kind: 'ping', rateMbps: 100, direction: 'both' },
  ...{ packetBytes: 1400, windowBytes: 'auto', from: 'source' },
};

/** Bytes of payload in one interval at a rate on the wire. */
const bytesAt = (mbps: number): number =>
  ((mbps * 1000) / 8) * trafficIntervalMs * payloadShareOf(config, 1500);

/** Second by second, from 1 s on. */
const samplesOf = (sent: readonly number[], arrived: readonly number[]): TrafficSamples => {
  const column = (rates: readonly number[]): Float64Array =>
    Float64Array.from(rates.flatMap((mbps) => Array.from({ length: 50 }, () => bytesAt(mbps))));
  const moments = Array.from({ length: 300 }, (_, nth) => 1_000 + nth * 10);
  return {
    startedAtMs: 1_000,
    sentBytes: column(sent),
    arrivedBytes: column(arrived),
    rttAtMs: Float64Array.from(moments),
    rttMs: Float64Array.from(moments, (atMs) => (atMs < 2_000 ? 0.5 : 6)),
  };
};
const span = { startedAtMs: 2_000, endedAtMs: 3_000 };

describe('how traffic fared', () => {
  test('its rates before, during and after, by the direction in which less arrived', () => {
    const [flow] = trafficOf(
      {
        steadyFromMs: 1_200,
        mtuBytes: 1500,
        flows: [
          {
            config,
            initiator: samplesOf([100, 60, 99], [100, 50, 99]),
            responder: samplesOf([100, 50, 99], [100, 55, 99]),
          },
        ],
      },
      span,
    );
    expect(flow?.beforeMbps).toBeCloseTo(100);
    expect(flow?.duringMbps).toBeCloseTo(50);
    expect(flow?.afterMbps).toBeCloseTo(99);
    expect(flow?.lostPercent).toBeCloseTo(100 / 6);
    expect(flow?.before.rttP50Ms).toBe(0.5);
    expect(flow?.during.rttP99Ms).toBe(6);
  });

  test('one way, only what arrived at the other end counts', () => {
    const [flow] = trafficOf(
      {
        steadyFromMs: 1_200,
        mtuBytes: 1500,
        flows: [
          {
            config: { ...config, kind: 'udp', direction: 'forward' },
            initiator: samplesOf([100, 100, 100], [0, 0, 0]),
            responder: samplesOf([0, 0, 0], [100, 80, 100]),
          },
        ],
      },
      span,
    );
    expect(flow?.duringMbps).toBeCloseTo(80);
    expect(flow?.lostPercent).toBeCloseTo(20);
    expect(flow?.during.rttP50Ms).toBeNull();
  });

  test('a migration shorter than an interval has no rate', () => {
    const samples = samplesOf([100], [100]);
    const evidence = {
      steadyFromMs: 1_200,
      mtuBytes: 1500,
      flows: [{ config, initiator: samples, responder: samples }],
    };
    const [flow] = trafficOf(evidence, { startedAtMs: 1_501, endedAtMs: 1_519 });
    expect(flow?.duringMbps).toBeNull();
    expect(flow?.lostPercent).toBeNull();
  });

  test.each([
    [97.1, 'agree'],
    [102.9, 'agree'],
    [96.9, 'disagree'],
    [103.1, 'disagree'],
    [null, 'disagree'],
  ])('%s of 100 Mb/s before the migration: %s', (beforeMbps, verdict) => {
    expect(checkTraffic([{ kind: 'ping', offeredMbps: 100, beforeMbps }])[0]?.verdict).toBe(verdict);
  });

  test("is taken off the link's bytes", () => {
    const none = { bytes: 0, packets: 0, dropped: 0 };
    const counters = { sourceToDestination: none, destinationToSource: none };
    const before = {
      ...{ toDestinationBytes: 10, toSourceBytes: 10 },
      ...{ trafficToDestinationBytes: 5, trafficToSourceBytes: 5 },
    };
    const after = {
      ...{ toDestinationBytes: 1_010, toSourceBytes: 510 },
      ...{ trafficToDestinationBytes: 705, trafficToSourceBytes: 405 },
    };
    expect(wireBetween({ before: counters, after: counters }, 0, { before, after })).toMatchObject({
      ...{ sourceToDestinationBytes: 300, destinationToSourceBytes: 100 },
      ...{ trafficToDestinationBytes: 700, trafficToSourceBytes: 400 },
    });
  });
});

describe('samples of traffic on the wire', () => {
  test('come back as they were', () => {
    const samples = samplesOf([1, 2, 3], [3, 2, 1]);
    expect(decodeTrafficSamples(encodeTrafficSamples(samples))).toEqual(samples);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte too many', Buffer.alloc(25)],
    ['more intervals than bytes', Buffer.from(Float64Array.of(1, 2, 0).buffer)],
    ['no number', Buffer.from(Float64Array.of(NaN, 0, 0).buffer)],
  ])('%s is refused', (_what, blob) => {
    expect(() => decodeTrafficSamples(blob)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });
});
