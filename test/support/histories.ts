import { pageSizeBytes } from '#proto/units';
import type { DirtyHistory, HistoryHeader } from '#harness/prediction/history';

/** A history made by hand: intervals of 100 ms, each with the runs of pages that it dirtied. */
export const paperHistory = (
  runs: readonly (readonly number[])[],
  change: Partial<HistoryHeader> = {},
  durationMs = 100,
): DirtyHistory => ({
  header: {
    version: 1,
    recordedAt: '2026-11-20T09:00:00.000Z',
    runId: 'recorded',
    scenario: 'on paper',
    driver: 'netns',
    seed: 1,
    vcpus: 1,
    deviceStateBytes: 0,
    workload: { name: 'stress' },
    pageSizeBytes,
    pageCount: 1000,
    nonZeroPages: 1000,
    intervalMs: durationMs,
    sinceStartMs: 0,
    intervals: runs.length,
    full: false,
    link: { profile: 'lan-1g', goodputMbps: 950, rttMs: 0.2 },
    ...change,
  },
  intervals: runs.map((each) => ({ durationMs, runs: each })),
});
