import type { Check, Draw, Finding, Trend } from 'livemig/study';
import {
  downtimeDifference,
  downtimeMs,
  everything,
  figure,
  leastBy,
  longerPause,
  marginOf,
  medianOf,
  mostBy,
  where,
} from 'livemig/study';
import { figureOf, flavours, loads, sites, siteText } from '../published.ts';
import frozen from '../tolerances.json' with { type: 'json' };
import type { WanCell } from '../wan.ts';
import { wanCell, wanCells } from '../wan.ts';

/** Two cells that differ in one respect. */
interface Pair {
  more: WanCell;
  less: WanCell;
  name: string;
}

const differenceS = (draw: Draw, { more, less }: Pair): number =>
  (medianOf(draw(more.runs), downtimeMs) - medianOf(draw(less.runs), downtimeMs)) / 1000;

const differencesText = (pairs: readonly Pair[]): string =>
  pairs.map((pair) => `${pair.name} ${figure(differenceS(everything, pair))} s`).join(', ');

type Id = '9a' | '9b';

/** The pair whose difference is farthest outside the tolerance or, if none is, nearest to its bounds. */
const tightest = <R>(id: Id, pairs: readonly R[], difference: (pair: R) => number): R =>
  leastBy(pairs, (pair) => marginOf(difference(pair), frozen.checks[id]));

const finding = (id: Id, pairs: readonly Pair[]): Finding => {
  const widest = mostBy(pairs, (pair) => Math.abs(differenceS(everything, pair)));
  const strained = tightest(id, pairs, (pair) => differenceS(everything, pair));
  return {
    statistic: (draw) => {
      const differences = pairs.map((pair) => differenceS(draw, pair));
      return tightest(id, differences, (difference) => difference);
    },
    detail: `${strained.name}, of ${pairs.length} differences`,
    explanation:
      `${differencesText(pairs)}. Widest at ${widest.name}: ` +
      downtimeDifference(widest.more.runs, widest.less.runs),
  };
};

const published = {
  flavours: sites.flatMap((site) =>
    loads.map((load) => figureOf('downtime', site, 'xl', load) - figureOf('downtime', site, 't', load)),
  ),
  distance: loads.flatMap((load) =>
    flavours.map(
      (flavour) =>
        figureOf('downtime', 'halifax', flavour, load) - figureOf('downtime', 'dublin', flavour, load),
    ),
  ),
};

const overFlavours: Check = {
  id: '9a',
  statement: 'WAN downtime hardly depends on the flavour: xl minus t, the largest over links and loads',
  table: 'Table III',
  published: `${figure(Math.max(...published.flavours))} s`,
  control: {
    setup: 'downtime that grows with the flavour',
    spoil: where('post-copy', { link: 'dublin', flavour: 'xl', load: 'loaded' }, longerPause(400)),
  },
  prepare: (need) => {
    const pairs = sites.flatMap((site) =>
      loads.map((load): Pair => ({
        more: wanCell(need, site, 'xl', load),
        less: wanCell(need, site, 't', load),
        name: `${siteText[site]} ${load}`,
      })),
    );
    return () => finding('9a', pairs);
  },
};

const overDistance: Check = {
  id: '9b',
  statement:
    'WAN downtime hardly depends on latency: Halifax minus Dublin, the cell that strains the bounds most',
  table: 'Table III',
  published: `${figure(Math.min(...published.distance))} … ${figure(Math.max(...published.distance))} s`,
  control: {
    setup: 'downtime shorter over the longer link',
    spoil: where('post-copy', { link: 'dublin', flavour: 'm', load: 'loaded' }, longerPause(150)),
  },
  prepare: (need) => {
    const dublins = wanCells(need, { site: 'dublin' });
    const pairs = wanCells(need, { site: 'halifax' }).flatMap((more): Pair[] => {
      const less = dublins.find(({ flavour, load }) => flavour === more.flavour && load === more.load);
      return less === undefined ? [] : [{ more, less, name: `${more.flavour} ${more.load}` }];
    });
    if (pairs.length === 0)
      need.lacks('no cell of post-copy rate=measured that both Dublin and Halifax have');
    return () => finding('9b', pairs);
  },
};

export const trend9: Trend = { trend: 9, checks: [overFlavours, overDistance] };
