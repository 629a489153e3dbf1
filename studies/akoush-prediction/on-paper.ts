import type { ModelName, PaperRun } from 'livemig/study';
import { bytesPerMs, mebibyte, modelNames, pageSizeBytes, repeated } from 'livemig/study';
import type { Link, WorkloadName } from './published.ts';
import { links, publishedPair, workloads } from './published.ts';

/** Synthetic runs to test the checks on: by the arithmetic of Xen's rule, and the document's table. */

/** Pages/s: up to ρ = 0.63 of 1 Gb/s, and from 0.75 on. */
export const rates = [100, 8000, 18_000, 21_500, 27_000] as const;

const measuredLinks: Readonly<Record<Link, PaperRun['link']>> = {
  '1G': { profile: 'lan-1g', mbps: 941, rttMs: 0.2 },
  '10G': { profile: 'lan-10g', mbps: 8600, rttMs: 0.2 },
};

const guestBytes = 1024 * mebibyte;
const setupMs = 20;
/** The downtime without pages. */
const idlePauseMs = 30;
const onceMs = (link: Link): number => guestBytes / bytesPerMs(measuredLinks[link].mbps);
const loadOf = (pagesPerS: number, link: Link): number =>
  (pagesPerS * pageSizeBytes) / 1000 / bytesPerMs(measuredLinks[link].mbps);

/** How often the RAM is sent in rounds, and which part of it is left for the downtime. */
const byRule = (load: number): { sent: number; left: number } =>
  load < 2 / 3 ? { sent: 1 / (1 - load), left: 0 } : { sent: 3, left: 3 * load - 2 };

const dirtyRateRuns = (): PaperRun[] =>
  links.flatMap((link) =>
    rates.flatMap((pagesPerS) => {
      const { sent, left } = byRule(loadOf(pagesPerS, link));
      return repeated({
        part: 'dirty-rate',
        cell: { link, pagesPerS },
        link: measuredLinks[link],
        strategy: 'pre-copy',
        ramBytes: guestBytes,
        stressedBytes: guestBytes,
        transferredBytes: guestBytes * (sent + left),
        setupTimeMs: setupMs,
        totalTimeMs: setupMs + idlePauseMs + onceMs(link) * (sent + left),
        downtimeMs: idlePauseMs + onceMs(link) * left,
      });
    }),
  );

/** What controls need: a downtime without a knee, up to that of the highest rate. */
export const proportionalDowntime = (runs: readonly PaperRun[]): PaperRun[] =>
  runs.map((run) => {
    const { link, pagesPerS } = run.cell as { link: Link; pagesPerS: number };
    if (run.part !== 'dirty-rate') return run;
    return { ...run, downtimeMs: idlePauseMs + onceMs(link) * loadOf(pagesPerS, link) };
  });

interface Predicted {
  part: string;
  cell: PaperRun['cell'];
  strategy?: string;
  totalTimeMs: number;
  downtimeMs: number;
  /** Predicted over measured, of time and downtime. */
  off: Partial<Record<ModelName, readonly [number, number]>>;
}

const predicted = ({
  part,
  cell,
  strategy = 'pre-copy',
  totalTimeMs,
  downtimeMs,
  off,
}: Predicted): PaperRun[] =>
  repeated(
    {
      part,
      cell,
      link: measuredLinks['1G'],
      strategy,
      ramBytes: guestBytes,
      stressedBytes: guestBytes,
      transferredBytes: guestBytes,
      totalTimeMs,
      downtimeMs,
      predicted: modelNames.flatMap((model) => {
        const of = off[model];
        return of === undefined
          ? []
          : [{ model, totalTimeMs: totalTimeMs * of[0], downtimeMs: downtimeMs * of[1] }];
      }),
    },
    0,
  );

/** Errors like those of the document's table; AVG is off where the load changes. */
const usual = { hist: [1.015, 1.02], sim: [0.985, 0.98] } as const;

const predictedRuns = (): PaperRun[] => [
  ...workloads.flatMap((workload) =>
    predicted({
      part: 'workloads',
      cell: { workload },
      totalTimeMs: publishedPair(workload, 'totalTimeMs').measured,
      downtimeMs: publishedPair(workload, 'downtimeMs').measured,
      off: { ...usual, avg: [1.08, 1.05] },
    }),
  ),
  ...[1500, 3500, 6500].flatMap((startAtMs) =>
    predicted({
      part: 'cyclic',
      cell: { startAtMs },
      totalTimeMs: 6000,
      downtimeMs: 200,
      off: { ...usual, avg: [1.25, 0.9] },
    }),
  ),
  ...['post-copy', 'hybrid'].flatMap((strategy) =>
    predicted({
      part: 'other-strategies',
      cell: { strategy },
      strategy,
      totalTimeMs: 5000,
      downtimeMs: 40,
      off: { sim: usual.sim },
    }),
  ),
];

export const holdingRuns = (): PaperRun[] => [...dirtyRateRuns(), ...predictedRuns()];

/** The document's table. It doesn't say which model predicted which row: `hist` here. */
const publishedRow = (workload: WorkloadName): PaperRun[] => {
  const time = publishedPair(workload, 'totalTimeMs');
  const downtime = publishedPair(workload, 'downtimeMs');
  return predicted({
    part: 'workloads',
    cell: { workload },
    totalTimeMs: time.measured,
    downtimeMs: downtime.measured,
    off: { hist: [time.predicted / time.measured, downtime.predicted / downtime.measured] },
  });
};

export const publishedRuns = (): PaperRun[] => workloads.flatMap(publishedRow);
