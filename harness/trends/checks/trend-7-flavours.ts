import type { Check, Trend } from '../check.ts';
import type { Needs } from '../needs.ts';
import type { Flavour, Load, UlsterSite } from '../published.ts';
import { flavours, ulsterFigure, ulsterIperfMbps, ulsterSites } from '../published.ts';
import { bandwidthMbps, bytesPerMs, totalTimeMs } from '../quantities.ts';
import type { Draw } from '../statistics.ts';
import { estimateOf, everything, leastBy, medianOf } from '../statistics.ts';
import { rules } from '../tolerances.ts';
import type { WanCell } from '../wan.ts';
import { siteText, wanCell, wanCells } from '../wan.ts';
import { formatBytes } from '../../format.ts';
import { figure, scaleText, seconds } from '../words.ts';

const timeMs = (draw: Draw, { runs }: WanCell): number => medianOf(draw(runs), totalTimeMs);
const sentBytes = ({ runs }: WanCell): number =>
  medianOf(runs, ({ measurement }) => measurement.ram.transferred);

/** Two cells of one link and what one's time is over the other's. */
interface Pair {
  more: WanCell;
  less: WanCell;
}
const ratio = (draw: Draw, { more, less }: Pair): number => timeMs(draw, more) / timeMs(draw, less);

const stepText = (pair: Pair): string =>
  `${siteText[pair.more.site]} ${pair.more.flavour}/${pair.less.flavour} ${figure(ratio(everything, pair))} ×`;

const growth: Check = {
  id: '7a',
  statement: 'Loaded, time grows with the flavour: least ratio of one flavour to the next smaller',
  table: 'Table II',
  published: `${figure(
    Math.min(
      ...ulsterSites.flatMap((site) =>
        flavours
          .slice(1)
          .map(
            (flavour, index) =>
              ulsterFigure('totalTime', site, flavour, 'loaded') /
              ulsterFigure('totalTime', site, flavours[index]!, 'loaded'),
          ),
      ),
    ),
  )} ×`,
  prepare: (need) => {
    const pairs = ulsterSites.flatMap((site) => {
      const cells = wanCells(need, { site, load: 'loaded' });
      if (cells.length < rules.leastFlavours)
        need.lacks(
          `post-copy link=${site}, rate=measured, load=loaded: ${cells.length} of at least ${rules.leastFlavours} flavours`,
        );
      return cells.slice(1).map((more, index): Pair => ({ more, less: cells[index]! }));
    });
    return () => ({
      estimate: estimateOf((draw) => Math.min(...pairs.map((pair) => ratio(draw, pair))), '×'),
      detail: `least: ${stepText(leastBy(pairs, (pair) => ratio(everything, pair)))}`,
      explanation: pairs.map(stepText).join(', '),
    });
  },
};

/** Loaded over unloaded of one flavour on both links. */
const loadPairs = (need: Needs, flavour: Flavour): Pair[] =>
  ulsterSites.map((site) => ({
    more: wanCell(need, site, flavour, 'loaded'),
    less: wanCell(need, site, flavour, 'unloaded'),
  }));

const publishedTimeMs = (site: UlsterSite, flavour: Flavour, load: Load): number =>
  ulsterFigure('totalTime', site, flavour, load) * 1000;
const publishedRatio = (flavour: Flavour) => (site: UlsterSite) =>
  publishedTimeMs(site, flavour, 'loaded') / publishedTimeMs(site, flavour, 'unloaded');

/** Time of the documents' smallest migration that its bytes at iperf's rate don't explain. */
const publishedFixedMs = (site: UlsterSite): number =>
  publishedTimeMs(site, 't', 'unloaded') -
  (ulsterFigure('transferredMB', site, 't', 'unloaded') * 1e6) / bytesPerMs(ulsterIperfMbps(site));

/** The same of ours, at the calibrated rate. */
const ourFixedMs = ({ runs }: WanCell): number =>
  medianOf(
    runs,
    (run) => run.measurement.totalTimeMs - run.measurement.ram.transferred / bytesPerMs(bandwidthMbps(run)),
  );

const explanationOf = (need: Needs, pairs: readonly Pair[]): string => {
  const { guestScale } = need.setting;
  return pairs
    .map((pair) => {
      const { site } = pair.more;
      const fixedMs = ourFixedMs(pair.less);
      const theirsMs = publishedFixedMs(site);
      const withTheirs = (cell: WanCell): number =>
        (timeMs(everything, cell) - fixedMs) / guestScale + theirsMs;
      return (
        `${siteText[site]}: ${formatBytes(sentBytes(pair.more))} loaded, ${formatBytes(sentBytes(pair.less))} unloaded; ` +
        `${seconds(fixedMs)} of the unloaded time are not explained by its bytes at the calibrated rate (documents, at t: ` +
        `${seconds(theirsMs)} of ${seconds(publishedTimeMs(site, 't', 'unloaded'))}); with theirs instead of ours a full-size guest ` +
        `would have ${figure(withTheirs(pair.more) / withTheirs(pair.less))} × (measured at κ_M ${scaleText(guestScale)})`
      );
    })
    .join('. ');
};

const loadedOver = (
  id: '7b' | '7c',
  flavour: Flavour,
  statement: string,
  worst: (...ratios: number[]) => number,
): Check => ({
  id,
  statement,
  table: 'Table II',
  published: `${figure(worst(...ulsterSites.map(publishedRatio(flavour))))} ×`,
  prepare: (need) => {
    const pairs = loadPairs(need, flavour);
    return () => ({
      estimate: estimateOf((draw) => worst(...pairs.map((pair) => ratio(draw, pair))), '×'),
      detail: pairs
        .map((pair) => `${siteText[pair.more.site]} ${figure(ratio(everything, pair))} ×`)
        .join(', '),
      explanation: explanationOf(need, pairs),
    });
  },
});

export const trend7: Trend = {
  trend: 7,
  experiment: 'ulster-wan',
  checks: [
    growth,
    loadedOver(
      '7b',
      'xl',
      'Load matters at xl: loaded over unloaded time, the lesser of the links',
      Math.min,
    ),
    loadedOver(
      '7c',
      't',
      'Load hardly matters at t: loaded over unloaded time, the larger of the links',
      Math.max,
    ),
  ],
};
