import type { Flavour, IcclabLink, Load, UlsterSite } from '../../harness/trends/published.ts';
import {
  flavours,
  icclabIperfMbps,
  loads,
  publishedFigures,
  ulsterFigure,
  ulsterIperfMbps,
  ulsterLinks,
  ulsterSites,
} from '../../harness/trends/published.ts';
import type { PaperRun } from './trend-runs.ts';
import { mebibyte, repeats } from './trend-runs.ts';

/** The documents' own tables as if livemig had measured them: what every check of the documents' trends must accept. */

const icclab = publishedFigures['icclab-10g'];
const stress = icclab.hybridTotalTime.stressMB;
const links: readonly IcclabLink[] = ['1G', '10G'];

const lan = (link: IcclabLink): PaperRun['link'] => ({
  profile: link === '1G' ? 'lan-1g' : 'lan-10g',
  mbps: icclabIperfMbps(link),
  rttMs: 0.2,
});

export const publishedHybrid = (part: string, link: IcclabLink): PaperRun[] =>
  stress.flatMap((stressMB, index) =>
    repeats({
      experiment: 'icclab-10g',
      part,
      cell: { link, stressMB },
      link: lan(link),
      stressedBytes: stressMB * mebibyte,
      totalTimeMs: icclab.hybridTotalTime[link][index]! * 1000,
      downtimeMs: icclab.hybridDowntime[link][index]! * 1000,
      transferredBytes: (600 + 2 * stressMB) * mebibyte,
    }),
  );

/** Pre-copy converges at the published limit and a little above fails, three times over. */
const publishedLimit = (link: IcclabLink): PaperRun[] =>
  [0.5, 0.96, 1.04, 2].flatMap((factor) => {
    const stressedBytes = icclab.preCopyLimitStressMB[link] * 1e6 * factor;
    return repeats({
      experiment: 'icclab-10g',
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

const wan = (site: UlsterSite): PaperRun['link'] => ({
  profile: ulsterLinks[site],
  mbps: ulsterIperfMbps(site),
  rttMs: site === 'dublin' ? 5.5 : 52.5,
});

const ulster = (
  part: string,
  cell: PaperRun['cell'],
  site: UlsterSite,
  flavour: Flavour,
  load: Load,
): PaperRun[] =>
  repeats({
    experiment: 'ulster-wan',
    part,
    cell,
    link: wan(site),
    strategy: 'post-copy',
    ramBytes: publishedFigures['ulster-wan'].flavours[flavour].ramMB * 1e6,
    stressedBytes: load === 'loaded' ? publishedFigures['ulster-wan'].flavours[flavour].ramMB * 0.75e6 : 0,
    totalTimeMs: ulsterFigure('totalTime', site, flavour, load) * 1000,
    downtimeMs: ulsterFigure('downtime', site, flavour, load) * 1000,
    transferredBytes: ulsterFigure('transferredMB', site, flavour, load) * 1e6,
    faults: 10_000,
    faultP50Ms: wan(site).rttMs,
  });

export const documentsAsRuns = (): PaperRun[] => [
  ...links.flatMap((link) => publishedHybrid('hybrid', link)),
  ...publishedHybrid('hybrid-sender-cap', '10G'),
  ...links.flatMap(publishedLimit),
  ...flavours.flatMap((flavour) =>
    loads.flatMap((load) => [
      ...ulsterSites.flatMap((link) =>
        ulster('post-copy', { link, rate: 'measured', flavour, load }, link, flavour, load),
      ),
      ...ulsterSites
        .filter(() => load === 'loaded')
        .flatMap((link) =>
          ulster('blocking-faults', { link, rate: 'measured', flavour, load }, link, flavour, load),
        ),
      ...ulster('data-table', { flavour, load, mechanism: 'baseline' }, 'dublin', flavour, load),
    ]),
  ),
];
