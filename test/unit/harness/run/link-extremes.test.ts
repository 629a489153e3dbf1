import { describe, expect, test } from '@jest/globals';
import { figuresOver } from '#harness/run/changed-link';
import { extremesOf, pausesMsOf } from '#harness/run/link-extremes';
import type { Traces } from '#harness/run/link-extremes';
import { timeoutsOf, transferConfigOf } from '#harness/run/transfer';
import { loadProfile } from '#harness/profiles';
import { lossShareOf } from '#proto/link';
import type { LinkDirection } from '#proto/link';
import { parseTrace } from '#harness/timeline/trace-file';
import { readTimeline } from '#harness/timeline/entries';
import type { TimelineEntry } from '#harness/timeline/types';
import { defaultTransfer } from '#catalogue/capabilities';

const profile = loadProfile('coleraine-dublin-1g');
const measured = { goodputMbps: 950, reverseGoodputMbps: 950, rttMs: 5.6 };
const entriesOf = (text: string): TimelineEntry[] => {
  const read = readTimeline(text);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return read.entries;
};

describe('the extremes of a timeline', () => {
  test('without changes they are the profile itself', () => {
    for (const text of ['none', '5 cut forMs=5; 7 cancel'])
      expect(extremesOf(profile, entriesOf(text), new Map())).toEqual({ worst: profile, lossAgain: 0, roomiest: profile, mayHitPackets: false }); // prettier-ignore
  });

  test.each<{ change: Partial<LinkDirection> }>([
    { change: { gemodel: { pPercent: 1, rPercent: 50, badLossPercent: 100, goodLossPercent: 0 } } },
    { change: { duplicatePercent: 1 } },
    { change: { reorderPercent: 1 } },
  ])('what befalls packets later is provided for from the start: $change', ({ change }) => {
    const timeline: TimelineEntry[] = [{ at: '1s', do: 'link', change: { sourceToDestination: change } }];
    const { worst, mayHitPackets } = extremesOf(profile, timeline, new Map());
    expect(mayHitPackets).toBe(true);
    expect(lossShareOf(worst.sourceToDestination) > 0).toBe('gemodel' in change);
  });

  test('are beyond everything that it brings, in whatever order, traces included', () => {
    const trace = parseTrace('timeMs,rateMbps,lossPercent\n0,20,1\n5,4000,0\n', 'x.csv');
    const traces: Traces = new Map([['x.csv', trace]]);
    const timeline = entriesOf(
      '1 link delayMs=40; 2 link trace=x.csv; 3 link sourceToDestination.bufferMs=90',
    );
    const { worst, roomiest, mayHitPackets } = extremesOf(profile, timeline, traces);
    expect(worst.sourceToDestination).toMatchObject({
      rateMbps: 20,
      delayMs: 40,
      lossPercent: 1,
      bufferMs: 90,
    });
    expect(worst.destinationToSource).toMatchObject({ rateMbps: 20, bufferMs: profile.destinationToSource.bufferMs }); // prettier-ignore
    expect(roomiest.destinationToSource).toMatchObject({ rateMbps: 4000, delayMs: 40, lossPercent: 0 });
    expect(mayHitPackets).toBe(true);
  });

  test('a link that loses from the start needs nothing for it', () => {
    const lossy = { ...profile, sourceToDestination: { ...profile.sourceToDestination, lossPercent: 1 } };
    expect(extremesOf(lossy, entriesOf('1 link sourceToDestination.lossPercent=3'), new Map()).mayHitPackets).toBe(false); // prettier-ignore
    expect(extremesOf(lossy, entriesOf('1 link lossPercent=3'), new Map()).mayHitPackets).toBe(true);
  });

  test('time-outs grow with what a fast link may leave behind for a slow one', () => {
    const { worst } = extremesOf(profile, entriesOf('1 link rateMbps=5 delayMs=200'), new Map());
    const sizes = transferConfigOf(figuresOver(profile, profile, measured), defaultTransfer);
    const plain = timeoutsOf(figuresOver(profile, profile, measured), sizes);
    const changed = timeoutsOf(figuresOver(worst, profile, measured), sizes);
    // 8 MiB in flight are 14 s at 5 Mb/s, thrice.
    expect(changed.answerMaxMs - plain.answerMaxMs).toBeGreaterThan(40_000);
    expect(changed.connectMs).toBeGreaterThan(plain.connectMs + 2_000);
  });
});

describe('the figures of a changed link', () => {
  const changedBy = (change: object) => ({
    ...profile,
    sourceToDestination: { ...profile.sourceToDestination, ...change },
    destinationToSource: { ...profile.destinationToSource, ...change },
  });

  test('follow from the calibrated one', () => {
    expect(figuresOver(changedBy({ rateMbps: 100, delayMs: 50 }), profile, measured)).toMatchObject({
      goodputMbps: expect.closeTo(95, 0) as unknown,
      rttMs: expect.closeTo(100 + 0.1) as unknown,
      lossFraction: 0,
    });
    expect(figuresOver(profile, profile, measured)).toMatchObject(measured);
  });

  test('under loss TCP carries what it can', () => {
    const { goodputMbps } = figuresOver(changedBy({ lossPercent: 1, delayMs: 26.25 }), profile, measured);
    // 1448 bytes a round trip of 52.6 ms, times 12.2.
    expect(goodputMbps).toBeCloseTo(2.7, 1);
  });

  test('a machine that carries half of a link is believed to carry half of another', () => {
    const half = { ...measured, goodputMbps: 475 };
    expect(figuresOver(changedBy({ rateMbps: 500 }), profile, half).goodputMbps).toBeCloseTo(237.5, 0);
  });
});

test('cuts and stops are what holds a migration up', () => {
  expect(pausesMsOf(entriesOf('1 cut forMs=300; 2 kill host=source signal=STOP forMs=50; 3 kill host=router'))).toBe(350); // prettier-ignore
});
