import { z } from 'zod';
import { dirtyIntervalsMax } from '#proto/dirty-history';
import type { DirtyInterval } from '#proto/dirty-history';
import { ramMaxBytes, seedMax, vcpusMax } from '#proto/guest';
import { pageSizeBytes } from '#proto/units';

/** Ten times the rates and round trips that profiles may have. */
const rateMaxMbps = 1_000_000;
/** A segment every 1.2 s. */
const rateLeastMbps = 0.01;
const rttMaxMs = 60_000;
const timeMaxMs = 1e12;
const nameMax = 256;

const pages = z
  .int()
  .min(1)
  .max(ramMaxBytes / pageSizeBytes);

/** What a recorded history says of itself. */
export const historyHeaderSchema = z.strictObject({
  version: z.literal(1),
  recordedAt: z.iso.datetime(),
  /** The run that it was recorded in, or the recording's own id. */
  runId: z.string().min(1).max(nameMax),
  scenario: z.string().max(nameMax),
  driver: z.string().max(nameMax),
  /** Of the guest: one with the same seed writes the same pages in the same order. */
  seed: z.int().min(0).max(seedMax),
  vcpus: z.int().min(1).max(vcpusMax),
  deviceStateBytes: z.int().min(0).max(ramMaxBytes),
  /** Name and parameters. */
  workload: z.record(z.string().max(nameMax), z.union([z.string().max(nameMax), z.number()])),
  pageSizeBytes: z.literal(pageSizeBytes),
  /** Of the guest's RAM … */
  pageCount: pages,
  /** … and those of them with content: what the first round of a migration has to carry. */
  nonZeroPages: pages,
  intervalMs: z.number().min(1).max(60_000),
  /** How long the guest had run when the recording began. */
  sinceStartMs: z.number().min(0).max(timeMaxMs),
  intervals: z.int().min(1).max(dirtyIntervalsMax),
  /** It ended early, as it would have grown too large. */
  full: z.boolean(),
  link: z.strictObject({
    profile: z.string().max(nameMax),
    goodputMbps: z.number().min(rateLeastMbps).max(rateMaxMbps),
    rttMs: z.number().min(0).max(rttMaxMs),
  }),
});

export type HistoryHeader = z.infer<typeof historyHeaderSchema>;

/** Which pages a guest dirtied, interval by interval. */
export interface DirtyHistory {
  readonly header: HistoryHeader;
  readonly intervals: readonly DirtyInterval[];
}

/** How long a history is. */
export const lengthMsOf = ({ intervals }: Pick<DirtyHistory, 'intervals'>): number =>
  intervals.reduce((sum, { durationMs }) => sum + durationMs, 0);

/** The interval that a moment of a history lies in, and how far in; beyond its end, the history begins again. */
export const intervalAt = (
  intervals: readonly DirtyInterval[],
  offsetMs: number,
): { index: number; atMs: number } => {
  let [index, atMs] = [0, offsetMs];
  for (; atMs >= intervals[index]!.durationMs; index = (index + 1) % intervals.length)
    atMs -= intervals[index]!.durationMs;
  return { index, atMs };
};

/** Every page dirtied in an interval, in ascending order. */
export const eachPage = ({ runs }: DirtyInterval, act: (page: number) => void): void => {
  for (let at = 0; at < runs.length; at += 2) {
    const first = runs[at] ?? 0;
    const end = first + (runs[at + 1] ?? 0);
    for (let page = first; page < end; page++) act(page);
  }
};

/** Pages dirtied in an interval, each once. */
export const pagesOf = ({ runs }: DirtyInterval): number => {
  let pagesSum = 0;
  for (let at = 1; at < runs.length; at += 2) pagesSum += runs[at] ?? 0;
  return pagesSum;
};
