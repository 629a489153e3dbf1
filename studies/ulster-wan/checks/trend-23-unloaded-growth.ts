import type { Check, CheckOptions, Draw, Trend } from 'livemig/study';
import { asIn, everything, figure, formatBytes, leastBy, medianOf } from 'livemig/study';
import type { Site } from '../published.ts';
import { figureOf, sites, siteText } from '../published.ts';
import type { WanCell } from '../wan.ts';
import { wanCell } from '../wan.ts';

interface Pair {
  site: Site;
  small: WanCell;
  large: WanCell;
}

const growthOf = (draw: Draw, { small, large }: Pair, timeMs: CheckOptions['timeMs']): number =>
  medianOf(draw(large.runs), timeMs) / medianOf(draw(small.runs), timeMs);

const sentText = ({ runs }: WanCell): string =>
  formatBytes(medianOf(runs, ({ measurement }) => measurement.ram.transferred));

const publishedGrowth = (site: Site): number =>
  figureOf('totalTime', site, 'xl', 'unloaded') / figureOf('totalTime', site, 't', 'unloaded');

const growth: Check = {
  id: '23',
  statement: 'Unloaded, with every page sent, time grows from t to xl: the lesser of the links',
  table: 'Table II',
  published: sites.map((site) => `${siteText[site]} ${figure(publishedGrowth(site))} ×`).join(', '),
  control: {
    setup: 'a largest flavour as quick as the smallest',
    spoil: asIn('every-page', { link: 'dublin', flavour: 'xl', load: 'unloaded' }, 'every-page', {
      flavour: 't',
    }),
  },
  prepare: (need, { timeMs }) => {
    const pairs = sites.map((site): Pair => ({
      site,
      small: wanCell(need, site, 't', 'unloaded', 'every-page'),
      large: wanCell(need, site, 'xl', 'unloaded', 'every-page'),
    }));
    return () => ({
      statistic: (draw) => Math.min(...pairs.map((pair) => growthOf(draw, pair, timeMs))),
      detail: siteText[leastBy(pairs, (pair) => growthOf(everything, pair, timeMs)).site],
      explanation: pairs
        .map(
          ({ site, small, large }) => `${siteText[site]}: ${sentText(small)} at t, ${sentText(large)} at xl`,
        )
        .join('; '),
    });
  },
};

export const trend23: Trend = { trend: 23, checks: [growth] };
