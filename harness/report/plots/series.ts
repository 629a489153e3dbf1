import type { Measurement } from '../../result.ts';

/** What router, source and observer noted over time; times in ms after the start of the migration. */
export interface TimeSeries {
  link: { atMs: number; sourceToDestinationMbps: number; destinationToSourceMbps: number }[];
  progress: { atMs: number; transferredBytes: number; remainingBytes: number }[];
  pings: { atMs: number; sent: number; lost: number; p50Ms: number | null; maxMs: number | null }[];
}

export type TimedMeasurement = Measurement & { series?: TimeSeries };

/** A run's series; empty where it was made before there were any. */
export const seriesOf = (measurement: TimedMeasurement): TimeSeries =>
  measurement.series ?? { link: [], progress: [], pings: [] };
