import { describe, expect, test } from '@jest/globals';
import { integrityOf, liveOnBothHostsMs, violationsOf } from '#harness/measure/integrity';
import type { DiskIoReport } from '#proto/control';
import type { Integrity } from '#harness/result';
import { pageCount, paperDestination, paperSource } from '#test/support/synthetic-migration';

const verified = { pagesCompared: pageCount, mismatches: 0, staleReads: 0, firstMismatches: [] };
const sound = integrityOf(paperSource(), paperDestination(), verified, 'destination');

describe('integrity', () => {
  test('finds nothing wrong with a sound guest', () => {
    expect(violationsOf(sound, { pages: pageCount, sectors: 0 })).toEqual([]);
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
    expect(violationsOf({ ...sound, ...damage }, { pages: pageCount, sectors: 0 })).toEqual([problem]);
  });

  const disk = { sectorsCompared: 256, mismatches: 0, staleReads: 0, firstMismatches: [] };
  const withDisk = { pages: pageCount, sectors: 256 };

  test.each<[string, Partial<typeof disk>, string[]]>([
    ['nothing wrong with a sound disk', {}, []],
    [
      'a sector that differs',
      { mismatches: 1, firstMismatches: [7 as never] },
      ['1 sectors of the disk differ from what the guest last wrote: 7'],
    ],
    ['a stale sector', { staleReads: 2 }, ['the guest read 2 stale sectors of the disk']],
    [
      'a comparison that left sectors out',
      { sectorsCompared: 255 },
      ['255 of 256 sectors of the disk were compared'],
    ],
  ])('finds %s', (_, damage, problems) => {
    expect(violationsOf({ ...sound, disk: { ...disk, ...damage } }, withDisk)).toEqual(problems);
  });

  const latency = { count: 1, p50Ms: 1, p99Ms: 1, maxMs: 1 };
  const io = (change: Partial<DiskIoReport>): DiskIoReport => ({
    ...{
      ioErrors: 0,
      staleReads: 0,
      firstWriteAtMs: null,
      lastWriteAtMs: null,
      running: latency,
      drained: latency,
    },
    ...change,
  });
  const shared = (source: Partial<DiskIoReport>, destination: Partial<DiskIoReport>) =>
    integrityOf(
      paperSource(),
      paperDestination(),
      { ...verified, disk, diskIo: io(destination) },
      'destination',
      io(source),
    );

  test('counts what both hosts met at a shared disk; errors of the disk are no loss', () => {
    const met = shared({ ioErrors: 2, lastWriteAtMs: 10 }, { ioErrors: 1, firstWriteAtMs: 11 });
    expect(met.disk).toEqual({ ...disk, ioErrors: 3, writersAtOnceMs: 0 });
    expect(violationsOf(met, withDisk)).toEqual([]);
    expect(shared({}, { firstWriteAtMs: 5 }).disk?.writersAtOnceMs).toBe(0);
  });

  test('finds a source that goes on with a shared disk', () => {
    const met = shared(
      { lastWriteAtMs: 10.5, staleReads: 2 },
      { firstWriteAtMs: 9, lastWriteAtMs: 20, staleReads: 1 },
    );
    // The comparison has its own.
    expect(met.disk).toMatchObject({ staleReads: 2, writersAtOnceMs: 1.5 });
    expect(violationsOf(met, withDisk)).toEqual([
      'the guest read 2 stale sectors of the disk',
      'both hosts wrote to the disk for 1.500 ms',
    ]);
  });

  test('finds a disk that was not compared at all', () => {
    expect(violationsOf(sound, withDisk)).toEqual(['0 of 256 sectors of the disk were compared']);
  });

  test('finds everything at once', () => {
    const damaged = { ...sound, mismatches: 1, staleReads: 1, liveOnBothHostsMs: 1 };
    expect(violationsOf(damaged, { pages: pageCount, sectors: 0 })).toHaveLength(3);
  });
});

describe('time on both hosts', () => {
  test('is the overlap of last and first instruction', () => {
    const source = paperSource();
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(0);
    source.timeline.lastInstructionAtMs = 12_043;
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(3);
  });

  test('lasts to the end if the source was never stopped', () => {
    const source = paperSource();
    source.timeline.lastInstructionAtMs = null;
    source.guestRunningAtEnd = true;
    expect(liveOnBothHostsMs(source, paperDestination())).toBe(10);
  });

  test('is not a number if the guest never ran at the destination', () => {
    const destination = paperDestination();
    destination.timeline.firstInstructionAtMs = null;
    expect(liveOnBothHostsMs(paperSource(), destination)).toBeNull();
  });
});
