import type { Measurement } from '#harness/result';

const steps = 60;

/** What a run's instruments would have seen: a steady link, memory that shrinks, a guest that stands still once. */
export const syntheticSeries = (
  totalTimeMs: number,
  downtimeMs: number,
  bytes: number,
  link: { mbps: number; rttMs: number },
): Pick<Measurement, 'guestProgress' | 'faults' | 'series'> => {
  const at = (step: number): number => (totalTimeMs * step) / steps;
  const all = Array.from({ length: steps + 1 }, (_, step) => step);
  const isDown = (step: number): boolean =>
    Math.abs(at(step) - totalTimeMs / 2 - downtimeMs / 2) <= downtimeMs / 2 + totalTimeMs / steps / 2;
  return {
    series: {
      link: all.map((step) => ({
        atMs: at(step),
        sourceToDestinationMbps: isDown(step) ? link.mbps * 0.3 : link.mbps * (0.97 + 0.02 * Math.sin(step)),
        destinationToSourceMbps: link.mbps * 0.004,
      })),
      progress: all.map((step) => ({
        atMs: at(step),
        transferredBytes: (bytes * step) / steps,
        remainingBytes: bytes - (bytes * step) / steps,
      })),
      pings: all.map((step) => ({
        atMs: at(step),
        sent: 50,
        lost: isDown(step) ? 40 : 0,
        p50Ms: isDown(step) ? null : 0.2 + (step > steps / 2 ? link.rttMs : 0),
        maxMs: isDown(step) ? null : 0.9 + (step > steps / 2 ? link.rttMs : 0),
      })),
    },
    guestProgress: all
      .filter((step) => !isDown(step))
      .map((step) => ({
        atMs: at(step),
        host: step <= steps / 2 ? 'source' : 'destination',
        operationsPerSecond: step <= steps / 2 ? 80_000 : 80_000 - 60_000 * Math.exp((steps / 2 - step) / 5),
        pagesDirtiedPerSecond: step <= steps / 2 ? 30_000 : 12_000,
        stalledMs: step > steps / 2 ? 12 : 0,
      })),
    faults: {
      count: 1000,
      minUs: 20,
      p50Us: 400,
      p99Us: 6000,
      maxUs: 9000,
      histogram: [0, 0, 0, 0, 2, 12, 60, 140, 300, 280, 120, 60, 20, 6],
      vcpuBlocktimeMs: [600],
    },
  };
};
