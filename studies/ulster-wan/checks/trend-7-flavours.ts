import type { Check, CheckOptions, Draw, Needs, Trend } from 'livemig/study';
import {
  asIn,
  bandwidthMbps,
  bytesPerMs,
  everything,
  figure,
  formatBytes,
  leastBy,
  medianOf,
  seconds,
  totalTimeMs,
} from 'livemig/study';
import { runsWithoutOverhead } from '../on-paper.ts';
import type { Flavour, Load, Site } from '../published.ts';
import { figureOf, flavours, sites, siteText } from '../published.ts';
import frozen from '../tolerances.json' with { type: 'json' };
import type { WanCell } from '../wan.ts';
import { wanCell, wanCells } from '../wan.ts';

type TimeMs = CheckOptions['timeMs'];
const cellTimeMs = (draw: Draw, { runs }: WanCell, timeMs: TimeMs): number => medianOf(draw(runs), timeMs);
const sentBytes = ({ runs }: WanCell): number =>
  medianOf(runs, ({ measurement }) => measurement.ram.transferred);

/** Two cells of one link, compared by the ratio of their times. */
interface Pair {
  more: WanCell;
  less: WanCell;
}
const ratio = (draw: Draw, { more, less }: Pair, timeMs: TimeMs = totalTimeMs): number =>
  cellTimeMs(draw, more, timeMs) / cellTimeMs(draw, less, timeMs);

const stepText = (pair: Pair): string =>
  `${siteText[pair.more.site]} ${pair.more.flavour}/${pair.less.flavour} ${figure(ratio(everything, pair))} ×`;

const growth: Check = {
  id: '7a',
  statement: 'Loaded, time grows with the flavour: least ratio of one flavour to the next smaller',
  table: 'Table II',
  published: `${figure(
    Math.min(
      ...sites.flatMap((site) =>
        flavours
          .slice(1)
          .map(
            (flavour, index) =>
              figureOf('totalTime', site, flavour, 'loaded') /
              figureOf('totalTime', site, flavours[index]!, 'loaded'),
          ),
      ),
    ),
  )} ×`,
  control: {
    setup: 'one flavour as slow as the next',
    spoil: asIn(
      'post-copy',
      { link: 'dublin', rate: 'measured', flavour: 'm', load: 'loaded' },
      'post-copy',
      {
        flavour: 'l',
      },
    ),
  },
  prepare: (need) => {
    const pairs = sites.flatMap((site) => {
      const cells = wanCells(need, { site, load: 'loaded' });
      if (cells.length < frozen.rules.leastFlavours)
        need.lacks(
          `post-copy link=${site}, rate=measured, load=loaded: ${cells.length} of at least ${frozen.rules.leastFlavours} flavours`,
        );
      return cells.slice(1).map((more, index): Pair => ({ more, less: cells[index]! }));
    });
    return () => ({
      statistic: (draw) => Math.min(...pairs.map((pair) => ratio(draw, pair))),
      detail: `least: ${stepText(leastBy(pairs, (pair) => ratio(everything, pair)))}`,
      explanation: pairs.map(stepText).join(', '),
    });
  },
};

/** Loaded over unloaded of one flavour on both links. */
const loadPairs = (need: Needs, flavour: Flavour): Pair[] =>
  sites.map((site) => ({
    more: wanCell(need, site, flavour, 'loaded'),
    less: wanCell(need, site, flavour, 'unloaded'),
  }));

const publishedTimeMs = (site: Site, flavour: Flavour, load: Load): number =>
  figureOf('totalTime', site, flavour, load) * 1000;
const publishedRatio = (flavour: Flavour) => (site: Site) =>
  publishedTimeMs(site, flavour, 'loaded') / publishedTimeMs(site, flavour, 'unloaded');

/** Time that a run's bytes at the calibrated rate don't explain. */
const unexplainedMs = ({ runs }: WanCell): number =>
  medianOf(
    runs,
    (run) => run.measurement.totalTimeMs - run.measurement.ram.transferred / bytesPerMs(bandwidthMbps(run)),
  );

const explanationOf = (pairs: readonly Pair[]): string =>
  pairs
    .map(
      (pair) =>
        `${siteText[pair.more.site]}: ${formatBytes(sentBytes(pair.more))} loaded, ${formatBytes(sentBytes(pair.less))} unloaded; ` +
        `${seconds(unexplainedMs(pair.less))} of the unloaded time are not explained by its bytes at the calibrated rate`,
    )
    .join('. ');

const loadedOver = (
  id: '7b' | '7c',
  flavour: Flavour,
  worst: (...ratios: number[]) => number,
  rest: Pick<Check, 'statement' | 'control'>,
): Check => ({
  id,
  ...rest,
  table: 'Table II',
  published: `${figure(worst(...sites.map(publishedRatio(flavour))))} ×`,
  prepare: (need, { timeMs }) => {
    const pairs = loadPairs(need, flavour);
    return () => ({
      statistic: (draw) => worst(...pairs.map((pair) => ratio(draw, pair, timeMs))),
      detail: pairs
        .map((pair) => `${siteText[pair.more.site]} ${figure(ratio(everything, pair, timeMs))} ×`)
        .join(', '),
      explanation: explanationOf(pairs),
    });
  },
});

export const trend7: Trend = {
  trend: 7,
  checks: [
    growth,
    loadedOver('7b', 'xl', Math.min, {
      statement: 'Load matters at xl: loaded over unloaded time, the lesser of the links',
      control: {
        setup: 'load that does not matter at xl',
        spoil: asIn('post-copy', { link: 'halifax', flavour: 'xl', load: 'loaded' }, 'post-copy', {
          load: 'unloaded',
        }),
      },
    }),
    loadedOver('7c', 't', Math.max, {
      statement: 'Load hardly matters at t: loaded over unloaded time, the larger of the links',
      control: { setup: 'no fixed overhead', spoil: runsWithoutOverhead },
    }),
  ],
};
