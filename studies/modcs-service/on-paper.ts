import type { PaperRun } from 'livemig/study';
import { mebibyte, physicalTimeMs, repeated } from 'livemig/study';
import { otherApproaches, published, sizesMB } from './published.ts';

/** Synthetic runs to test the checks on: half of the RAM is sent, and the requests of the downtime are lost. */

const link = { profile: 'lan-1g', mbps: 941, rttMs: 0.2 };
const rate = published.requestsPerSecond;

const run = (
  part: string,
  cell: PaperRun['cell'],
  { ramMB = 512, strategy = 'pre-copy', requestsPerSecond = rate } = {},
): PaperRun[] => {
  const transferredBytes = (ramMB * mebibyte) / 2;
  const totalTimeMs = physicalTimeMs(30, link.rttMs, transferredBytes, link.mbps);
  const downtimeMs = strategy === 'stop-and-copy' ? totalTimeMs : 40;
  return repeated({
    part,
    cell,
    link,
    strategy,
    ramBytes: ramMB * mebibyte,
    totalTimeMs,
    downtimeMs,
    transferredBytes,
    service: {
      rate: requestsPerSecond,
      p95BeforeMs: 0.4,
      p95DuringMs: 2,
      errorsBefore: 0,
      errorsDuring: Math.round((requestsPerSecond * downtimeMs) / 1000),
    },
  });
};

export const holdingRuns = (): PaperRun[] => [
  ...sizesMB.flatMap((ramMB) => run('size', { ramMB }, { ramMB })),
  ...otherApproaches.flatMap((strategy) => run('approach', { strategy }, { strategy })),
  ...[500, 1000, 2000].flatMap((requestsPerSecond) =>
    run('rate', { rate: requestsPerSecond }, { requestsPerSecond }),
  ),
];
