import type { Measurement } from '../../result.ts';

/** What router, source and observer noted over time; times in ms after the start of the migration. */
export interface TimeSeries {
  link: { atMs: number; sourceToDestinationMbps: number; destinationToSourceMbps: number }[];
  progress: { atMs: number; transferredBytes: number; remainingBytes: number }[];
  pings: { atMs: number; sent: number; lost: number; p50Ms: number | null; maxMs: number | null }[];
}

/** A run's series; empty where it was made before there were any. */
export const seriesOf = (measurement: Measurement): TimeSeries =>
  (measurement as Measurement & { series?: TimeSeries }).series ?? { link: [], progress: [], pings: [] };
