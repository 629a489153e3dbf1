import { expect } from '@jest/globals';
import type { Measurement } from '../../harness/result.ts';

/** Rounded rates, and what crossed the link before the first sample. */
const edgesFraction = 0.005;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What was noted over time must be the same migration as what was counted once: bytes, pages, pings. */
export const expectSeriesToFit = (measurement: Measurement): void => {
  const { series, wire, ram, observed, downtimeStartMs, downtimeMs, totalTimeMs } = measurement;
  const { link, progress, pings } = series;

  for (const [of, bytes] of [
    ['sourceToDestinationMbps', wire.sourceToDestinationBytes],
    ['destinationToSourceMbps', wire.destinationToSourceBytes],
  ] as const) {
    const carried = link
      .slice(1)
      .map((point, index) => (point[of] * 1000 * (point.atMs - link[index]!.atMs)) / 8);
    expect(sum(carried) / bytes).toBeGreaterThan(1 - edgesFraction);
    expect(sum(carried) / bytes).toBeLessThan(1 + edgesFraction);
  }
  expect(link[0]!.atMs).toBeLessThan(totalTimeMs / 2);
  expect(link.at(-1)!.atMs).toBeGreaterThan(totalTimeMs);

  const sent = progress.map(({ transferredBytes }) => transferredBytes);
  expect(sent).toEqual(sent.toSorted((one, other) => one - other));
  expect(sent.at(-1)).toBeGreaterThan(ram.transferred / 2);
  expect(sent.at(-1)).toBeLessThanOrEqual(ram.transferred);

  // All that were sent during the migration and after it, and those of the last second before.
  const { before, during, after } = observed.latency;
  expect(sum(pings.map(({ sent: count }) => count))).toBeGreaterThanOrEqual(during.count + after.count);
  expect(sum(pings.map(({ sent: count }) => count))).toBeLessThanOrEqual(
    before.count + during.count + after.count,
  );
  expect(sum(pings.map(({ lost }) => lost))).toBeGreaterThanOrEqual(during.lost);
  const silent = pings.filter(({ lost }) => lost > 0);
  expect(silent.some(({ atMs }) => atMs > downtimeStartMs && atMs < downtimeStartMs + downtimeMs + 60)).toBe(
    true,
  );
};
