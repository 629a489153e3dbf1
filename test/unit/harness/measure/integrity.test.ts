import { describe, expect, test } from '@jest/globals';
import { integrityOf, liveOnBothHostsMs, violationsOf } from '../../../../harness/measure/integrity.ts';
import type { Integrity } from '../../../../harness/result.ts';
import { pageCount, paperDestination, paperSource } from '../../../support/synthetic-migration.ts';

const verified = { pagesCompared: pageCount, mismatches: 0, staleReads: 0, firstMismatches: [] };
const sound = integrityOf(paperSource(), paperDestination(), verified, 'destination');

describe('integrity', () => {
  test('finds nothing wrong with a sound guest', () => {
    expect(violationsOf(sound, pageCount)).toEqual([]);
  });

  test.each<[string, Partial<Integrity>, string]>([
    [
      'a page that differs',
      { mismatches: 1, firstMismatches: [77] },
      '1 pages differ from what the guest last wrote: 77',
    ],
    ['a stale read', { staleReads: 3 }, 'the guest read 3 stale pages'],
    ['a page sent twice in post-copy', { duplicateArrivals: 2 }, '2 pages arrived again in post-copy'],
    ['a guest on both hosts', { liveOnBothHostsMs: 0.5 }, 'the guest ran on both hosts for 0.500 ms'],
    ['a comparison that left pages out', { pagesCompared: 5 }, `5 of ${pageCount} pages were compared`],
  ])('finds %s', (_, damage, problem) => {
    expect(violationsOf({ ...sound, ...damage }, pageCount)).toEqual([problem]);
  });

  test('finds everything at once', () => {
    const damaged = { ...sound, mismatches: 1, staleReads: 1, liveOnBothHostsMs: 1 };
    expect(violationsOf(damaged, pageCount)).toHaveLength(3);
  });
});

describe('time on both hosts', () => {
  test('is the overlap of last and first instruction', () => {
    const source = paperSource();
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(0);
    source.timeline.lastInstructionAtMs = 12_043;
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(3);
  });

  test('lasts to the end where the source was never stopped', () => {
    const source = paperSource();
    source.timeline.lastInstructionAtMs = null;
    source.guestRunningAtEnd = true;
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(10);
  });

  test('is no number where the guest never ran at the destination', () => {
    const destination = paperDestination();
    destination.timeline.firstInstructionAtMs = null;
    expect(liveOnBothHostsMs(paperSource(), destination)).toBeNull();
  });
});
