import type { SetUp } from 'livemig/study';
import type { Quantity, Series, Style } from 'livemig/study/plots';
import { measured, published } from 'livemig/study/plots';
import type { Flavour, Load, Site } from '../published.ts';
import { loads, sites } from '../published.ts';
import { flavourPoints, panelKey, publishedRow } from './wan.ts';

/** A published table. */
export type WanTable = (site: Site, flavour: Flavour, load: Load) => number;

const variants: readonly {
  label: string;
  part: string;
  rate: string;
  loads: readonly Load[];
  style: Style;
}[] = [
  {
    label: 'measured, link at the document’s 7 and 3 Gb/s',
    part: 'post-copy',
    rate: 'measured',
    loads,
    style: measured({ colour: 'a', shape: 'circle' }),
  },
  {
    label: 'measured, link at 10 Gb/s',
    part: 'post-copy',
    rate: '10G',
    loads,
    style: measured({ colour: 'b', shape: 'triangle-up', dash: [9, 3] }),
  },
  {
    label: 'measured, faults block the push',
    part: 'blocking-faults',
    rate: 'measured',
    loads: ['loaded'],
    style: measured({ colour: 'c', shape: 'square', dash: [2, 3] }),
  },
];

/** One panel's curves: the table's, and one for each way in which it was repeated. */
const panelSeries = (
  setUp: SetUp,
  site: Site,
  load: Load,
  table: WanTable,
  quantity: Quantity,
  scale: number,
): Series[] => [
  {
    label: 'published',
    origin: 'published',
    style: published({ colour: 'ink', shape: 'diamond' }),
    panel: panelKey(site, load),
    points: publishedRow((flavour) => table(site, flavour, load)),
  },
  ...variants
    .filter((variant) => variant.loads.includes(load))
    .map(({ label, part, rate, style }): Series => ({
      label,
      origin: 'measured',
      style,
      panel: panelKey(site, load),
      points: flavourPoints(setUp, part, { link: site, load, rate }, quantity, scale),
    }))
    .filter(({ points }) => points.length > 0),
];

export const wanSeries = (setUp: SetUp, table: WanTable, quantity: Quantity, scale: number): Series[] =>
  sites.flatMap((site) => loads.flatMap((load) => panelSeries(setUp, site, load, table, quantity, scale)));
