import { describe, expect, test } from '@jest/globals';
import {
  checkDowntime,
  checkWireBytes,
  crossCheck,
  disagreementOf,
  schedulingSlackMs,
} from '#harness/measure/cross-checks';
import type { CrossCheckInput } from '#harness/measure/cross-checks';
import type { LinkInForce } from '#harness/measure/links';
import { diskCounters, noneCounted } from '#catalogue/counters';
import { measure } from '#harness/measure/measure';
import type { Collected } from '#harness/measure/measure';
import { leastWireBytes } from '#harness/measure/wire';
import { segmentHeaderBytes, segmentPayloadBytes } from '#proto/frames';
import { pingHost } from '#proto/pings';
import {
  paperCollected,
  paperPings,
  paperProfile,
  paperRttMs,
  paperWireBytes,
} from '#test/support/synthetic-migration';

const paperLink: LinkInForce = {
  fromMs: -Infinity,
  untilMs: Infinity,
  profile: paperProfile,
  rttMs: paperRttMs,
  // 625 000 bytes fill the link, so that 250 000 more stand 2 ms in the queue.
  postcopyWindowBytes: 875_000,
};
const inputOf = (collected: Collected, ...links: LinkInForce[]): CrossCheckInput => ({
  measurement: measure(collected),
  links: links.length === 0 ? [paperLink] : links,
  pingIntervalMs: 1,
  timelineLateMs: null,
});
/** Over another link throughout. */
const over = (input: CrossCheckInput, change: Partial<LinkInForce>): CrossCheckInput => ({
  ...input,
  links: input.links.map((link) => ({ ...link, ...change })),
});

describe('the cross-check of the downtime', () => {
  test('accepts an honest migration', () => {
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

  test('allows for a slow first answer, as the observer measured it', () => {
    const collected = paperCollected();
    const first = collected.pings.host.indexOf(pingHost.destination);
    for (let ping = first; ping < first + 100; ping++) collected.pings.receivedAtMs[ping] = 12_140;
    const check = checkDowntime(inputOf(collected));
    expect(check).toMatchObject({ verdict: 'agree', measured: expect.closeTo(140.75) });
    expect(check.high).toBeCloseTo(40 + 2 + 100 + 1 + schedulingSlackMs);
  });

  test('names the condition that fails and what to do, and none of those that hold', () => {
    const coarse = paperCollected();
    // The observer stood still from 11,850 to 12,005 ms: the gap is right, but nobody saw it begin.
    coarse.pings.sentAtMs = coarse.pings.sentAtMs.map((atMs) =>
      atMs > 11_850 && atMs < 12_005 ? 12_005 : atMs,
    );
    coarse.pings.host.forEach((_, ping) => {
      if (coarse.pings.sentAtMs[ping] !== 12_005) return;
      coarse.pings.host[ping] = pingHost.none;
      coarse.pings.receivedAtMs[ping] = NaN;
    });
    const check = checkDowntime(inputOf(coarse));
    expect(check.verdict).toBe('disagree');
    expect(check.measured).toBeGreaterThanOrEqual(check.low!);
    expect(check.measured).toBeLessThanOrEqual(check.high!);
    const text = disagreementOf(check);
    expect(text).toMatch(
      /pauses between pings .* came to 155\.0 ms, expected at most 100\.0 ms: .*--retries/,
    );
    expect(text).not.toContain('answers to the observer');

    const wrong = paperCollected();
    wrong.pings = paperPings({ destinationFromMs: 12_100 });
    const gap = disagreementOf(checkDowntime(inputOf(wrong)));
    expect(gap).toMatch(/answers to the observer, .* came to 105\.8 ms, expected 19\.0 to 75\.0 ms: /);
    expect(gap).not.toContain('pauses between pings');
  });

  test('every failed condition lies outside the range that it calls expected', () => {
    for (const change of [
      { destinationFromMs: 12_100 },
      { sourceUntilMs: 12_030 },
      { destinationFromMs: Infinity },
    ]) {
      const collected = paperCollected();
      collected.pings = paperPings(change);
      const { verdict, conditions } = checkDowntime(inputOf(collected));
      expect(verdict).toBe('disagree');
      for (const { ok, got, expected } of conditions)
        expect(ok).toBe(got !== null && got >= expected.low && got <= expected.high);
      expect(conditions.filter(({ ok }) => !ok)).toHaveLength(1);
    }
  });

  test('says so when a host was never heard', () => {
    const collected = paperCollected();
    collected.pings = paperPings({ destinationFromMs: Infinity });
    expect(disagreementOf(checkDowntime(inputOf(collected)))).toMatch(/weren't measured.*never answered/);
  });

  test('allows for pings lost before the first answer, but not on a lossless link', () => {
    const lossy = { ...paperProfile.sourceToDestination, lossPercent: 20 };
    const profile = { ...paperProfile, sourceToDestination: lossy, destinationToSource: lossy };
    const plain = checkDowntime(inputOf(paperCollected())).high!;
    const input = over(inputOf(paperCollected()), { profile });
    // 36 % of the pings or their answers are lost: ten in a row are fewer than one in 10,000, nine are more.
    expect(checkDowntime(input).high).toBeCloseTo(plain + 10);
    expect(checkDowntime({ ...input, pingIntervalMs: 5 }).high).toBeCloseTo(plain + 50);
    expect(checkDowntime(input).low).toBeCloseTo(checkDowntime(inputOf(paperCollected())).low!);
  });

  test('allows for no more queue than the bottleneck has', () => {
    const input = over(inputOf(paperCollected()), { postcopyWindowBytes: 1e9 });
    expect(checkDowntime(input).high).toBeCloseTo(40 + 2 + 5 + 20 + 1 + schedulingSlackMs);
  });

  describe('over a link that changes', () => {
    const { downtimeStartMs } = measure(paperCollected());
    const longer: LinkInForce = { ...paperLink, rttMs: 50 };
    const changedAt = (atMs: number): CrossCheckInput =>
      inputOf(paperCollected(), { ...paperLink, untilMs: atMs + 5 }, { ...longer, fromMs: atMs });
    const plain = checkDowntime(inputOf(paperCollected()));

    test('long before the handover or after it, the other link has no part in it', () => {
      expect(checkDowntime(changedAt(downtimeStartMs + 5_000))).toMatchObject({
        low: plain.low,
        high: plain.high,
      });
      const after = checkDowntime(changedAt(downtimeStartMs - 5_000));
      const onlyLonger = checkDowntime(inputOf(paperCollected(), longer));
      expect(after).toMatchObject({ low: onlyLonger.low, high: onlyLonger.high });
      expect(after.verdict).toBe('disagree');
    });

    test('during it, the handover may have met either', () => {
      const { low, high, verdict } = checkDowntime(changedAt(downtimeStartMs + 10));
      expect(low).toBe(plain.low);
      expect(high).toBeGreaterThanOrEqual(plain.high! + 45);
      expect(verdict).toBe('agree');
    });

    test('what was queued over the faster one drains over the slower one', () => {
      const slow = {
        ...paperProfile.sourceToDestination,
        rateMbps: paperProfile.sourceToDestination.rateMbps / 10,
      };
      const slower = { ...paperLink, profile: { ...paperProfile, sourceToDestination: slow } };
      const at = downtimeStartMs + 10;
      const input = inputOf(paperCollected(), { ...paperLink, untilMs: at }, { ...slower, fromMs: at });
      // The 2 ms at the old rate are 20 at the new one, which has a window ten times as long for its link besides.
      expect(checkDowntime(input).high!).toBeGreaterThanOrEqual(plain.high! + 18);
    });
  });
});

describe('the cross-check of the bytes', () => {
  const withWire = (bytes: number, change: (collected: Collected) => void = () => undefined) => {
    const collected = paperCollected();
    collected.router.counters.after.sourceToDestination.bytes =
      collected.router.counters.before.sourceToDestination.bytes + bytes;
    change(collected);
    return checkWireBytes(inputOf(collected));
  };

  test('knows what a segment costs', () => {
    expect([segmentPayloadBytes, segmentHeaderBytes]).toEqual([1448, 66]);
    expect(leastWireBytes(1448)).toBe(1514);
    expect(leastWireBytes(1449)).toBe(1449 + 132);
    expect(leastWireBytes(1448, 576)).toBe(1448 + 3 * 66);
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

  test("counts a disk's blocks as payload, and those never written as headers", () => {
    const blockBytes = 100 * 65_536;
    const withDisk = (collected: Collected): void => {
      collected.source.disk = {
        ...noneCounted(diskCounters),
        ...{ total: 1 << 30, normal: 100, duplicate: 16_000, blockBytes, transferred: blockBytes + 5000 },
      };
    };
    const wireBytes = leastWireBytes(10_000 * 4096 + (1 << 20) + blockBytes) * 1.01;
    expect(withWire(wireBytes).verdict).toBe('disagree');
    expect(withWire(wireBytes, withDisk).verdict).toBe('agree');
    // The router carried all but a few of the blocks: they never went over the link.
    expect(withWire(wireBytes - 20 * 65_536, withDisk).verdict).toBe('disagree');
  });

  test('counts the padding of post-copy as payload', () => {
    const padding = 4 << 20;
    const wireBytes = leastWireBytes(10_000 * 4096 + (1 << 20) + padding) * 1.01;
    expect(withWire(wireBytes).verdict).toBe('disagree');
    expect(withWire(wireBytes, (collected) => (collected.source.ram.paddingBytes = padding)).verdict).toBe(
      'agree',
    );
  });

  test('does not count pages and padding that were lost with a connection', () => {
    const padding = 1 << 20;
    const verdictOf = (lost: number, pagesLost: number | null) =>
      withWire(paperWireBytes - leastWireBytes(lost), ({ source }) => {
        source.ram.paddingBytes += padding;
        if (pagesLost !== null) source.recoveries = [{ pausedAtMs: 1, recoveredAtMs: 2, pagesLost }];
      }).verdict;
    expect(verdictOf(1000 * 4096, 1000)).toBe('agree');
    // Fewer were lost than are missing, or no connection was.
    expect(verdictOf(1000 * 4096, 500)).toBe('disagree');
    expect(verdictOf(1000 * 4096, null)).toBe('disagree');
    expect(verdictOf(0, 0)).toBe('agree');
    expect(verdictOf(0, null)).toBe('disagree');
  });

  test('counts encoded pages by their encoded bytes', () => {
    const pages = 1e6;
    const wireBytes = leastWireBytes(10_000 * 4096 + (1 << 20) + pages * 20) * 1.01;
    const verdictWith = (encodedPages: number) =>
      withWire(wireBytes, ({ source }) => (source.ram.pageBytes += encodedPages * 20)).verdict;
    expect(verdictWith(pages)).toBe('agree');
    expect(verdictWith(0)).toBe('disagree');
    expect(verdictWith(1.1 * pages)).toBe('disagree');
  });

  test('checks nothing when handshakes alone would exceed the bound', () => {
    const check = withWire(1e6, ({ source }) => (source.ram.pageBytes = 100 * 4096));
    expect(check).toMatchObject({ verdict: 'not-checked', low: null, high: null });
  });

  test.each([
    ['duplicates', { duplicatePercent: 10 }, 1.09],
    // 1 Gb/s and 2.5 ms hold 216 packets: 1 % that overtake all of them may have each sent three times.
    ['reordering', { reorderPercent: 1 }, 3],
  ])('allows for %s, and for no more than they can cause', (_, change, factor) => {
    const collected = (bytes: number): Collected => {
      const its = paperCollected();
      its.router.counters.after.sourceToDestination.bytes =
        its.router.counters.before.sourceToDestination.bytes + bytes;
      return its;
    };
    const input = inputOf(collected(paperWireBytes * factor));
    const sourceToDestination = { ...paperProfile.sourceToDestination, ...change };
    const profile = { ...paperProfile, sourceToDestination };
    expect(checkWireBytes(input).verdict).toBe('disagree');
    expect(checkWireBytes(over(input, { profile })).verdict).toBe('agree');
    const more = inputOf(collected(paperWireBytes * factor * 1.1));
    expect(checkWireBytes(over(more, { profile })).verdict).toBe('disagree');
  });

  test('allows for emulated loss, which causes retransmissions', () => {
    const collected = paperCollected();
    const sourceToDestination = { ...paperProfile.sourceToDestination, lossPercent: 10 };
    const input = over(inputOf(collected), { profile: { ...paperProfile, sourceToDestination } });
    expect(checkWireBytes(input).high).toBeCloseTo(checkWireBytes(inputOf(collected)).high! / 0.9);
    // An acknowledgement that is lost may cost a segment as well.
    const destinationToSource = { ...paperProfile.destinationToSource, lossPercent: 20 };
    const both = over(input, { profile: { ...input.links[0]!.profile, destinationToSource } });
    expect(checkWireBytes(both).high).toBeCloseTo(checkWireBytes(inputOf(collected)).high! / 0.9 / 0.8);
  });
});

describe('the cross-check of a timeline', () => {
  const verdictOf = (timelineLateMs: number | null) =>
    crossCheck({ ...inputOf(paperCollected()), timelineLateMs }).find(({ name }) => name === 'timeline')
      ?.verdict;

  test('refuses an entry that was begun too late, and says nothing of a run without', () => {
    expect([verdictOf(null), verdictOf(0), verdictOf(100), verdictOf(101)]).toEqual([
      undefined,
      'agree',
      'agree',
      'disagree',
    ]);
  });
});
