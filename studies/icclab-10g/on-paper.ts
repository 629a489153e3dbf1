import type { PaperRun } from 'livemig/study';
import { mebibyte, physicalTimeMs, repeated } from 'livemig/study';
import type { Link } from './published.ts';
import { orchestrationMs } from './eras.ts';
import { iperfMbps, links, published, publishedBytes } from './published.ts';

/** Synthetic runs to test the checks on: ideal ones, and the document's tables. */

/** Parameters of the ideal runs. */
export interface Physics {
  guestScale: number;
  /** Fixed time of a migration, independent of bandwidth. */
  fixedMs: number;
  /** Bytes that an unloaded guest has to send, at full size. */
  footprintBytes: number;
  /** Pages' share of the bandwidth. */
  goodputShare: number;
  senderCapMbps: number;
  /** The share of the fast link's goodput that is left while the guest requests pages. */
  faultingShare: number;
}

const usual: Physics = {
  guestScale: 1,
  fixedMs: 300,
  footprintBytes: 600 * mebibyte,
  goodputShare: 0.97,
  senderCapMbps: 4400,
  faultingShare: 1,
};

const measuredLinks: Readonly<Record<Link, PaperRun['link']>> = {
  '1G': { profile: 'lan-1g', mbps: 941, rttMs: 0.2 },
  '10G': { profile: 'lan-10g', mbps: 8600, rttMs: 0.2 },
};

const { stressMB: sizes } = published.hybridTotalTime;

const hybrids = (physics: Physics): PaperRun[] => {
  const { guestScale, fixedMs, goodputShare, faultingShare } = physics;
  const footprint = physics.footprintBytes * guestScale;
  const cell = (part: string, name: Link, stressMB: number, times: number, mbps: number): PaperRun[] => {
    const link = measuredLinks[name];
    const stressedBytes = stressMB * mebibyte * guestScale;
    const transferredBytes = footprint + times * stressedBytes;
    const isFaulting = name === '10G' && stressMB > 0;
    const bandwidth = Math.min(mbps, link.mbps) * goodputShare * (isFaulting ? faultingShare : 1);
    return repeated({
      part,
      cell: { link: name, stressMB },
      link,
      guestScale,
      stressedBytes,
      transferredBytes,
      totalTimeMs: physicalTimeMs(fixedMs, link.rttMs, transferredBytes, bandwidth),
      setupTimeMs: fixedMs,
      // A microsecond for each MB that is discarded.
      downtimeMs: 40 + (stressMB * guestScale) / 1000,
    });
  };
  return sizes.flatMap((stressMB) => [
    ...cell('hybrid', '1G', stressMB, 2, Infinity),
    ...cell('hybrid', '10G', stressMB, 2, Infinity),
    ...cell('hybrid-sender-cap', '10G', stressMB, 2, physics.senderCapMbps),
    ...cell('hybrid-no-redirty', '1G', stressMB, 1, Infinity),
  ]);
};

/** Pre-copy converges if the pages dirtied in a round fit 300 ms of the bandwidth. */
const limits = ({ guestScale }: Physics): PaperRun[] =>
  links.flatMap((name) => {
    const link = measuredLinks[name];
    const fitting = (link.mbps * 1000 * 300) / 8;
    return [0.25, 0.5, 0.9, 1.1, 2, 4].flatMap((factor) =>
      repeated({
        part: 'pre-copy-limit',
        cell: { link: name, stressMB: Math.round((fitting * factor) / mebibyte / guestScale) },
        link,
        guestScale,
        strategy: 'pre-copy',
        stressedBytes: fitting * factor,
        transferredBytes: 1e9,
        totalTimeMs: 9000,
        downtimeMs: 290,
        ...(factor > 1 ? { error: 'NOT_CONVERGED' as const } : {}),
      }),
    );
  });

export const physicalRuns = (given: Partial<Physics> = {}): PaperRun[] => {
  const physics = { ...usual, ...given };
  return [...hybrids(physics), ...limits(physics)];
};

/** The overhead is about the document's own, which alone explains trend 4. */
const like = { fixedMs: 12_100, goodputShare: 1 };
export const holdingRuns = (): PaperRun[] => physicalRuns(like);
export const runsWithoutOverhead = (): PaperRun[] => physicalRuns({ ...like, fixedMs: 300 });

/** Like an agent without orchestration, with faults that slow the fast link a little. */
export const runsWithoutSoftware = (): PaperRun[] =>
  physicalRuns({ ...like, fixedMs: 50, faultingShare: 0.97 });

const lan = (link: Link): PaperRun['link'] => ({
  profile: link === '1G' ? 'lan-1g' : 'lan-10g',
  mbps: iperfMbps(link),
  rttMs: 0.2,
});

/** The document's hybrid migrations as the runs of a part. */
const publishedHybrid = (part: string, link: Link): PaperRun[] =>
  sizes.flatMap((stressMB, index) =>
    repeated({
      part,
      cell: { link, stressMB },
      link: lan(link),
      stressedBytes: stressMB * mebibyte,
      totalTimeMs: published.hybridTotalTime[link][index]! * 1000,
      downtimeMs: published.hybridDowntime[link][index]! * 1000,
      transferredBytes: publishedBytes(stressMB),
      setupTimeMs: orchestrationMs,
    }),
  );

/** Pre-copy converges at the published limit and fails slightly above it, in each of three repetitions. */
const publishedLimit = (link: Link): PaperRun[] =>
  [0.5, 0.96, 1.04, 2].flatMap((factor) => {
    const stressedBytes = published.preCopyLimitStressMB[link] * 1e6 * factor;
    return repeated({
      part: 'pre-copy-limit',
      cell: { link, stressMB: stressedBytes / mebibyte },
      link: lan(link),
      strategy: 'pre-copy',
      stressedBytes,
      totalTimeMs: 20_000,
      downtimeMs: 350,
      transferredBytes: 1e9,
      ...(factor > 1 ? { error: 'NOT_CONVERGED' as const } : {}),
    });
  });

export const publishedRuns = (): PaperRun[] => [
  ...links.flatMap((link) => publishedHybrid('hybrid', link)),
  ...publishedHybrid('hybrid-sender-cap', '10G'),
  ...links.flatMap(publishedLimit),
];
