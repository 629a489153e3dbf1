import { transferredAs } from '../../measure/accounting.ts';
import type { Accounting } from '../../measure/accounting.ts';
import type { Check, Trend } from '../check.ts';
import { flavours, ulsterFigure, ulsterIperfMbps, ulsterSites } from '../published.ts';
import { bandwidthMbps, bytesPerMs, cpuShare, totalTimeMs } from '../quantities.ts';
import type { Draw } from '../statistics.ts';
import { estimateOf, everything, medianOf, mostBy } from '../statistics.ts';
import type { WanCell } from '../wan.ts';
import { siteText, wanCell, wanCells, wanCellText } from '../wan.ts';
import { figure, percent } from '../words.ts';

/** Bytes over total time, as a share of the calibrated bandwidth: what the documents' tables allow to compute. */
const share = (draw: Draw, { runs }: WanCell, accounting: Accounting): number =>
  medianOf(
    draw(runs),
    (run) => transferredAs(run.measurement, accounting) / totalTimeMs(run) / bytesPerMs(bandwidthMbps(run)),
  );

const sharesText = (cells: readonly WanCell[], accounting: Accounting): string =>
  cells
    .map((cell) => `${siteText[cell.site]} ${cell.flavour} ${figure(share(everything, cell, accounting))}`)
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
    `time, without it ${figure(paging)} of the bandwidth; agents and guest took ` +
    `${percent(medianOf(cell.runs, cpuShare))} of the machine's CPU time`
  );
};

const publishedShares = ulsterSites.flatMap((site) =>
  flavours.map(
    (flavour) =>
      (ulsterFigure('transferredMB', site, flavour, 'loaded') * 1e6) /
      (ulsterFigure('totalTime', site, flavour, 'loaded') * 1000) /
      bytesPerMs(ulsterIperfMbps(site)),
  ),
);

const blockingFaults: Check = {
  id: '10a',
  statement:
    'Where faults block in the bulk stream, loaded goodput is a small fraction of the bandwidth: the largest cell',
  table: 'Tables II and IV',
  published: `${figure(Math.min(...publishedShares))} … ${figure(Math.max(...publishedShares))}`,
  prepare: (need, { accounting }) => {
    const cells = wanCells(need, { part: 'blocking-faults', load: 'loaded' });
    for (const link of ulsterSites)
      if (!cells.some(({ site }) => site === link)) {
        const short = need.cells('blocking-faults', { link, rate: 'measured', load: 'loaded' });
        need.lacks(
          `blocking-faults link=${link}: no flavour with enough completed runs (of ${short.length})`,
        );
      }
    return () => ({
      estimate: estimateOf((draw) => Math.max(...cells.map((cell) => share(draw, cell, accounting))), ''),
      detail: `largest at ${wanCellText(mostBy(cells, (cell) => share(everything, cell, accounting)))}, of ${cells.length} cells`,
      explanation: [
        sharesText(cells, accounting),
        timeText(mostBy(cells, (cell) => share(everything, cell, accounting))),
      ].join('. '),
    });
  },
};

const preempt: Check = {
  id: '10b',
  statement:
    'Beyond the documents: faults on a connection of their own and prefetch keep the link busy, at xl the lesser link',
  table: 'none',
  published: 'none',
  prepare: (need, { accounting }) => {
    const cells = ulsterSites.map((site) => wanCell(need, site, 'xl', 'loaded'));
    const others = wanCells(need, { load: 'loaded' });
    return () => ({
      estimate: estimateOf((draw) => Math.min(...cells.map((cell) => share(draw, cell, accounting))), ''),
      detail: sharesText(cells, accounting),
      explanation: [sharesText(others, accounting), ...cells.map(timeText)].join('. '),
    });
  },
};

export const trend10: Trend = { trend: 10, experiment: 'ulster-wan', checks: [blockingFaults, preempt] };
