import type { PaperRun } from 'livemig/study';
import { mebibyte, physicalTimeMs, repeated } from 'livemig/study';
import type { Flavour, Load, Site } from './published.ts';
import { figureOf, flavours, iperfMbps, linkProfile, loads, ramMBOf, sites } from './published.ts';
import { fixedMsOf } from './eras.ts';
import type { Rate } from './wan.ts';

/** Synthetic runs to test the checks on: ideal ones, and the document's tables. */

/** Parameters of the ideal runs. */
export interface Physics {
  guestScale: number;
  /** Fixed time of a migration, independent of bandwidth. */
  fixedMs: number;
  /** Pages' share of the bandwidth. */
  goodputShare: number;
  /** The share of that if faults block. */
  blockingShare: number;
  /** When every page is sent: the document's fixed time by flavour. */
  hasSoftware: boolean;
}

const usual: Physics = {
  guestScale: 1,
  fixedMs: 300,
  goodputShare: 0.97,
  blockingShare: 0.1,
  hasSoftware: false,
};

const links: Readonly<Record<Site, Readonly<Record<Rate, PaperRun['link']>>>> = {
  dublin: {
    measured: { profile: 'coleraine-dublin-7g', mbps: 6500, rttMs: 5.5 },
    '10G': { profile: 'coleraine-dublin', mbps: 8500, rttMs: 5.5 },
  },
  halifax: {
    measured: { profile: 'coleraine-halifax-3g', mbps: 2700, rttMs: 52.5 },
    '10G': { profile: 'coleraine-halifax', mbps: 6900, rttMs: 52.5 },
  },
};

/** Bytes over RAM of the data table's mechanisms; a stressed page is uniform there. */
const mechanisms = {
  baseline: { unloaded: 1, loaded: 1 },
  hybrid: { unloaded: 1, loaded: 1.75 },
  'no-dirty-bitmap': { unloaded: 2, loaded: 2 },
  'uniform-pages': { unloaded: 1, loaded: 0.28 },
  both: { unloaded: 2, loaded: 0.54 },
} as const;

const guestRuns = (
  { guestScale, fixedMs, goodputShare, blockingShare, hasSoftware }: Physics,
  flavour: Flavour,
  load: Load,
): PaperRun[] => {
  const ramBytes = ramMBOf(flavour) * mebibyte * guestScale;
  const sentBytes = ramBytes * (load === 'loaded' ? 0.87 : 0.12);
  /** @param share of the bandwidth that is left */
  const cell = (
    part: string,
    labels: PaperRun['cell'],
    link: PaperRun['link'],
    transferredBytes: number,
    { share = 1, fixed = fixedMs } = {},
  ): PaperRun[] =>
    repeated({
      part,
      cell: { ...labels, flavour, load },
      link,
      guestScale,
      strategy: 'post-copy',
      ramBytes,
      stressedBytes: load === 'loaded' ? ramBytes * 0.75 : 0,
      transferredBytes,
      totalTimeMs: physicalTimeMs(fixed, link.rttMs, transferredBytes, link.mbps * share * goodputShare),
      setupTimeMs: fixed,
      downtimeMs: 30 + link.rttMs,
      faults: load === 'loaded' ? 2000 : 10,
      faultP50Ms: link.rttMs,
    });
  return [
    ...sites.flatMap((link) =>
      (['measured', '10G'] as const).flatMap((rate) =>
        cell('post-copy', { link, rate }, links[link][rate], sentBytes),
      ),
    ),
    ...sites.flatMap((link) =>
      cell('every-page', { link, rate: 'measured' }, links[link].measured, ramBytes, {
        share: load === 'loaded' ? 0.6 : 1,
        fixed: hasSoftware ? fixedMsOf(flavour) * guestScale : fixedMs,
      }),
    ),
    ...sites
      .filter(() => load === 'loaded')
      .flatMap((link) =>
        cell('blocking-faults', { link, rate: 'measured' }, links[link].measured, sentBytes, {
          share: blockingShare,
        }),
      ),
    ...Object.entries(mechanisms).flatMap(([mechanism, times]) =>
      cell('data-table', { mechanism }, links.dublin.measured, ramBytes * times[load]),
    ),
  ];
};

export const physicalRuns = (given: Partial<Physics> = {}): PaperRun[] => {
  const physics = { ...usual, ...given };
  return flavours.flatMap((flavour) => loads.flatMap((load) => guestRuns(physics, flavour, load)));
};

/** The overhead is about the document's own, which alone explains one of trend 7's checks. */
const like = { fixedMs: 12_100, goodputShare: 1 };
export const holdingRuns = (): PaperRun[] => physicalRuns({ ...like, hasSoftware: true });
export const runsWithoutOverhead = (): PaperRun[] => physicalRuns({ ...like, fixedMs: 300 });

/** Like an agent without orchestration: faults take half of the bandwidth, not nearly all of it. */
export const runsWithoutSoftware = (): PaperRun[] =>
  physicalRuns({ ...like, fixedMs: 50, blockingShare: 0.5 }).filter(
    // Larger guests hide any fixed time behind their bytes.
    ({ part, cell }) => part !== 'blocking-faults' || cell['flavour'] === 't' || cell['flavour'] === 's',
  );

const publishedLink = (site: Site): PaperRun['link'] => ({
  profile: linkProfile(site),
  mbps: iperfMbps(site),
  rttMs: site === 'dublin' ? 5.5 : 52.5,
});

/** A row of the document's tables II, III and IV as runs. */
const publishedCell = (
  part: string,
  labels: PaperRun['cell'],
  site: Site,
  flavour: Flavour,
  load: Load,
): PaperRun[] =>
  repeated({
    part,
    cell: { ...labels, flavour, load },
    link: publishedLink(site),
    strategy: 'post-copy',
    ramBytes: ramMBOf(flavour) * 1e6,
    stressedBytes: load === 'loaded' ? ramMBOf(flavour) * 0.75e6 : 0,
    totalTimeMs: figureOf('totalTime', site, flavour, load) * 1000,
    setupTimeMs: fixedMsOf(flavour),
    downtimeMs: figureOf('downtime', site, flavour, load) * 1000,
    transferredBytes: figureOf('transferredMB', site, flavour, load) * 1e6,
    faults: 10_000,
    faultP50Ms: publishedLink(site).rttMs,
  });

export const publishedRuns = (): PaperRun[] =>
  flavours.flatMap((flavour) =>
    loads.flatMap((load) => [
      ...['post-copy', 'every-page'].flatMap((part) =>
        sites.flatMap((link) => publishedCell(part, { link, rate: 'measured' }, link, flavour, load)),
      ),
      ...sites
        .filter(() => load === 'loaded')
        .flatMap((link) => publishedCell('blocking-faults', { link, rate: 'measured' }, link, flavour, load)),
      ...publishedCell('data-table', { mechanism: 'baseline' }, 'dublin', flavour, load),
    ]),
  );
