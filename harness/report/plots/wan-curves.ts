import type { Quantity, Setting } from './cells.ts';
import type { Series } from './curves.ts';
import type { Style } from './style.ts';
import { measured, published } from './style.ts';
import type { Flavour, Load, UlsterSite } from '../../trends/published.ts';
import { loads, ulsterSites } from '../../trends/published.ts';
import { flavourPoints, panelKey, publishedRow } from './wan.ts';

/** A published table. */
export type WanTable = (site: UlsterSite, flavour: Flavour, load: Load) => number;

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

/** One panel's curves: what the table says, and each way in which it was repeated. */
const panelSeries = (
  setting: Setting,
  site: UlsterSite,
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
      points: flavourPoints(setting, part, { link: site, load, rate }, quantity, scale),
    }))
    .filter(({ points }) => points.length > 0),
];

export const wanSeries = (setting: Setting, table: WanTable, quantity: Quantity, scale: number): Series[] =>
  ulsterSites.flatMap((site) =>
    loads.flatMap((load) => panelSeries(setting, site, load, table, quantity, scale)),
  );
