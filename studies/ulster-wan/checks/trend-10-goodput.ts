import type { Check, CheckOptions, Draw, Trend } from 'livemig/study';
import {
  asIn,
  bandwidthMbps,
  bytesPerMs,
  cpuShareText,
  everything,
  figure,
  medianOf,
  mostBy,
  percent,
  transferredAs,
} from 'livemig/study';
import { figureOf, flavours, iperfMbps, sites, siteText } from '../published.ts';
import type { WanCell } from '../wan.ts';
import { wanCell, wanCells, wanCellText } from '../wan.ts';

/**
 * Bytes over the time of the migration, as a share of the calibrated bandwidth: all that the tables allow us to
 * compute.
 */
const share = (draw: Draw, { runs }: WanCell, { accounting, timeMs }: CheckOptions): number =>
  medianOf(
    draw(runs),
    (run) => transferredAs(run.measurement, accounting) / timeMs(run) / bytesPerMs(bandwidthMbps(run)),
  );

const sharesText = (cells: readonly WanCell[], options: CheckOptions): string =>
  cells
    .map((cell) => `${siteText[cell.site]} ${cell.flavour} ${figure(share(everything, cell, options))}`)
    .join(', ');

const median = (cell: WanCell, of: (run: WanCell['runs'][number]) => number): number =>
  medianOf(cell.runs, of);

/** How much of the time went to what: faults, and the time before pages flow. */
const timeText = (cell: WanCell): string => {
  const faults = median(cell, ({ measurement }) => measurement.faults.count);
  const p50Ms = median(cell, ({ measurement }) => (measurement.faults.p50Us ?? 0) / 1000);
  const setup = median(cell, ({ measurement }) => measurement.setupTimeMs / measurement.totalTimeMs);
  const paging = median(cell, (run) => run.measurement.pageGoodputMbps / bandwidthMbps(run));
  return (
    `${wanCellText(cell)}: ${figure(faults)} faults of ${figure(p50Ms)} ms (median), set-up ${percent(setup)} of the ` +
    `time, without it ${figure(paging)} of the bandwidth; ${cpuShareText(cell.runs)}`
  );
};

const publishedShares = sites.flatMap((site) =>
  flavours.map(
    (flavour) =>
      (figureOf('transferredMB', site, flavour, 'loaded') * 1e6) /
      (figureOf('totalTime', site, flavour, 'loaded') * 1000) /
      bytesPerMs(iperfMbps(site)),
  ),
);

const blockingFaults: Check = {
  id: '10a',
  statement:
    'Where faults block in the bulk stream, loaded goodput is a small fraction of the bandwidth: the largest cell',
  table: 'Tables II and IV',
  published: `${figure(Math.min(...publishedShares))} … ${figure(Math.max(...publishedShares))}`,
  control: {
    setup: 'faults that do not block',
    spoil: asIn('blocking-faults', { flavour: 'xl' }, 'post-copy'),
  },
  prepare: (need, options) => {
    const cells = wanCells(need, { part: 'blocking-faults', load: 'loaded' });
    for (const link of sites)
      if (!cells.some(({ site }) => site === link)) {
        const short = need.cells('blocking-faults', { link, rate: 'measured', load: 'loaded' });
        need.lacks(
          `blocking-faults link=${link}: no flavour with enough completed runs (of ${short.length})`,
        );
      }
    return () => ({
      statistic: (draw) => Math.max(...cells.map((cell) => share(draw, cell, options))),
      detail: `largest at ${wanCellText(mostBy(cells, (cell) => share(everything, cell, options)))}, of ${cells.length} cells`,
      explanation: [
        sharesText(cells, options),
        timeText(mostBy(cells, (cell) => share(everything, cell, options))),
      ].join('. '),
    });
  },
};

const preempt: Check = {
  id: '10b',
  statement:
    'Beyond the documents: faults on their own connection and prefetch keep the link busy (xl, the lesser of the links)',
  table: 'none',
  published: 'none',
  // Theirs block.
  publishedVerdict: 'fails',
  control: {
    setup: 'faults that block',
    spoil: asIn(
      'post-copy',
      { link: 'halifax', rate: 'measured', flavour: 'xl', load: 'loaded' },
      'blocking-faults',
    ),
  },
  prepare: (need, options) => {
    const cells = sites.map((site) => wanCell(need, site, 'xl', 'loaded'));
    const others = wanCells(need, { load: 'loaded' });
    return () => ({
      statistic: (draw) => Math.min(...cells.map((cell) => share(draw, cell, options))),
      detail: sharesText(cells, options),
      explanation: [sharesText(others, options), ...cells.map(timeText)].join('. '),
    });
  },
};

export const trend10: Trend = { trend: 10, checks: [blockingFaults, preempt] };
