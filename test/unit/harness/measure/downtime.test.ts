import { describe, expect, test } from '@jest/globals';
import { splitDowntime } from '#harness/measure/downtime';
import type { Downtime } from '#harness/result';
import type { DestinationTimeline, SourceTimeline } from '#proto/control';
import {
  firstInstructionAtMs,
  lastInstructionAtMs,
  paperDestination,
  paperSource,
} from '#test/support/synthetic-migration';

const split = (
  source: Partial<SourceTimeline> = {},
  destination: Partial<DestinationTimeline> = {},
): Downtime =>
  splitDowntime(
    { ...paperSource().timeline, ...source },
    { ...paperDestination().timeline, ...destination },
    lastInstructionAtMs,
    firstInstructionAtMs,
  );
const sumOf = ({
  preSwitchoverMs,
  finalPagesMs,
  deviceStateMs,
  propagationMs,
  loadMs,
  resumeMs,
}: Downtime): number => preSwitchoverMs + finalPagesMs + deviceStateMs + propagationMs + loadMs + resumeMs;

describe('the split of the downtime', () => {
  test('waiting for `continue` is a separate part, not counted as pages', () => {
    const waited = split({ continuedAtMs: lastInstructionAtMs + 6 });
    expect(waited).toMatchObject({ preSwitchoverMs: 6, finalPagesMs: 4, deviceStateMs: 8 });
    expect(sumOf(waited)).toBe(40);
    // In post-copy nothing is said of pages.
    const postcopy = split({ continuedAtMs: lastInstructionAtMs + 6, pagesSentAtMs: null });
    expect(postcopy).toMatchObject({ preSwitchoverMs: 6, finalPagesMs: 0 });
    expect(sumOf(postcopy)).toBe(40);
  });

  test('says where it went', () => {
    expect(split()).toEqual({
      pauseMs: 2,
      preSwitchoverMs: 0,
      finalPagesMs: 10,
      deviceStateMs: 8,
      propagationMs: 12,
      loadMs: 7,
      resumeMs: 3,
    });
  });

  test.each<[string, Partial<SourceTimeline>, Partial<DestinationTimeline>]>([
    ['post-copy, whose last page goes out long after', { pagesSentAtMs: 20_000 }, {}],
    ['no final pages at all', { pagesSentAtMs: null }, {}],
    ['pages sent before the pause', { pagesSentAtMs: 11_000 }, {}],
    ['a socket that says "sent" after the arrival', { deviceStateSentAtMs: 12_035 }, {}],
    ['a state that is loaded after the first instruction', {}, { deviceStateLoadedAtMs: 12_099 }],
    [
      'nothing noted',
      { pagesSentAtMs: null, deviceStateSentAtMs: null },
      { deviceStateReceivedAtMs: null, deviceStateLoadedAtMs: null },
    ],
  ])('sums to the downtime with %s, and no part is negative', (_, source, destination) => {
    const parts = split(source, destination);
    expect(sumOf(parts)).toBeCloseTo(firstInstructionAtMs - lastInstructionAtMs, 9);
    for (const part of Object.values(parts)) expect(part).toBeGreaterThanOrEqual(0);
  });
});
