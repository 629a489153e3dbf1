import { describe, expect, test } from '@jest/globals';
import {
  checkDowntime,
  checkWireBytes,
  crossCheck,
  schedulingSlackMs,
} from '../../../../harness/measure/cross-checks.ts';
import type { CrossCheckInput } from '../../../../harness/measure/cross-checks.ts';
import { measure } from '../../../../harness/measure/measure.ts';
import type { Collected } from '../../../../harness/measure/measure.ts';
import { leastWireBytes, segmentHeaderBytes, segmentPayloadBytes } from '../../../../harness/measure/wire.ts';
import { pingHost } from '../../../../proto/pings.ts';
import {
  paperCollected,
  paperPings,
  paperProfile,
  paperRttMs,
  paperWireBytes,
} from '../../../support/synthetic-migration.ts';

const inputOf = (collected: Collected): CrossCheckInput => ({
  measurement: measure(collected),
  profile: paperProfile,
  rttMs: paperRttMs,
  // 625 000 bytes fill the link, so that 250 000 more stand 2 ms in the queue.
  postcopyWindowBytes: 875_000,
});

describe('the cross-check of the downtime', () => {
  test('accepts what an honest migration looks like', () => {
    expect(crossCheck(inputOf(paperCollected())).map(({ verdict }) => verdict)).toEqual(['agree', 'agree']);
  });

  test('bounds the silence by downtime, pause, RTT, queue, resolution and slack', () => {
    const { low, high } = checkDowntime(inputOf(paperCollected()));
    expect(low).toBeCloseTo(40 + 5 - 1 - schedulingSlackMs);
    expect(high).toBeCloseTo(40 + 2 + 5 + 2 + 1 + schedulingSlackMs);
  });

  test('refuses a guest that claims less downtime than was seen', () => {
    const collected = paperCollected();
    collected.pings = paperPings({ destinationFromMs: 12_100 });
    expect(checkDowntime(inputOf(collected)).verdict).toBe('disagree');
  });

  test('refuses a guest that claims more downtime than was seen', () => {
    const collected = paperCollected();
    collected.pings = paperPings({ sourceUntilMs: 12_030 });
    expect(checkDowntime(inputOf(collected)).verdict).toBe('disagree');
  });

  test('refuses a guest that never answered at the destination', () => {
    const collected = paperCollected();
    collected.pings = paperPings({ destinationFromMs: Infinity });
    expect(checkDowntime(inputOf(collected))).toMatchObject({ verdict: 'disagree', measured: null });
  });

  test('grants a slow first answer its time, as the observer measured it', () => {
    const collected = paperCollected();
    const first = collected.pings.host.indexOf(pingHost.destination);
    for (let ping = first; ping < first + 100; ping++) collected.pings.receivedAtMs[ping] = 12_140;
    const check = checkDowntime(inputOf(collected));
    expect(check).toMatchObject({ verdict: 'agree', measured: expect.closeTo(140.75) });
    expect(check.high).toBeCloseTo(40 + 2 + 100 + 1 + schedulingSlackMs);
  });

  test('grants no more queue than the bottleneck has', () => {
    const input = { ...inputOf(paperCollected()), postcopyWindowBytes: 1e9 };
    expect(checkDowntime(input).high).toBeCloseTo(40 + 2 + 5 + 20 + 1 + schedulingSlackMs);
  });
});

describe('the cross-check of the bytes', () => {
  const withWire = (bytes: number, change: (collected: Collected) => void = () => undefined) => {
    const collected = paperCollected();
    collected.counters.after.sourceToDestination.bytes =
      collected.counters.before.sourceToDestination.bytes + bytes;
    change(collected);
    return checkWireBytes(inputOf(collected));
  };

  test('knows what a segment costs', () => {
    expect([segmentPayloadBytes, segmentHeaderBytes]).toEqual([1448, 66]);
    expect(leastWireBytes(1448)).toBe(1514);
    expect(leastWireBytes(1449)).toBe(1449 + 132);
  });

  test('refuses pages that never went over the link', () => {
    expect(withWire(paperWireBytes * 0.98)).toMatchObject({ verdict: 'disagree' });
  });

  test('refuses more than 3 % on top', () => {
    expect(withWire(paperWireBytes * 1.03).verdict).toBe('disagree');
    expect(withWire(paperWireBytes * 1.015).verdict).toBe('agree');
  });

  test('leaves out the observer’s own pings', () => {
    const pings = 960;
    const collected = paperCollected();
    expect(measure(collected).wire.observerToDestinationBytes).toBe(pings * 46);
    expect(withWire(paperWireBytes).measured).toBeCloseTo(paperWireBytes - pings * 46);
  });

  test('counts the padding of post-copy as payload', () => {
    const padding = 4 << 20;
    const wireBytes = leastWireBytes(10_000 * 4096 + (1 << 20) + padding) * 1.01;
    expect(withWire(wireBytes).verdict).toBe('disagree');
    expect(withWire(wireBytes, (collected) => (collected.source.paddingBytes = padding)).verdict).toBe(
      'agree',
    );
  });

  test('counts encoded pages by their bytes', () => {
    const pages = 1e6;
    const wireBytes = leastWireBytes(10_000 * 4096 + (1 << 20) + pages * 20) * 1.01;
    const verdictWith = (encodedPages: number) =>
      withWire(wireBytes, ({ source }) => (source.ram.pageBytes += encodedPages * 20)).verdict;
    expect(verdictWith(pages)).toBe('agree');
    expect(verdictWith(0)).toBe('disagree');
    expect(verdictWith(1.1 * pages)).toBe('disagree');
  });

  test('checks nothing where handshakes would be more than the bound', () => {
    const check = withWire(1e6, ({ source }) => (source.ram.pageBytes = 100 * 4096));
    expect(check).toMatchObject({ verdict: 'not-checked', low: null, high: null });
  });

  test('allows for emulated loss, which sends segments again', () => {
    const collected = paperCollected();
    const sourceToDestination = { ...paperProfile.sourceToDestination, lossPercent: 10 };
    const input = { ...inputOf(collected), profile: { ...paperProfile, sourceToDestination } };
    expect(checkWireBytes(input).high).toBeCloseTo(checkWireBytes(inputOf(collected)).high! / 0.9);
  });
});
