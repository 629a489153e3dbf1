import type { Flavour, Load, UlsterSite } from '../../trends/published.ts';
import { flavours, loads, publishedFigures, ulsterSites } from '../../trends/published.ts';
import type { Quantity, Setting } from './cells.ts';
import { completedIn, pointOf, publishedPoint } from './cells.ts';
import type { CurvePoint, XAxis } from './curves.ts';

/** What the plots of ulster-wan share: flavours on the x axis, a panel for each link and load. */

const ulster = publishedFigures['ulster-wan'];

export const siteNames: Readonly<Record<UlsterSite, string>> = {
  dublin: 'Coleraine–Dublin, 5.5 ms',
  halifax: 'Coleraine–Halifax, 52.5 ms',
};
export const ramMBOf = (flavour: Flavour): number => ulster.flavours[flavour].ramMB;

export const flavourAxis: XAxis = {
  key: 'flavour',
  title: 'Flavour (RAM in published terms)',
  ticks: flavours.map((_, index) => index),
  labels: flavours.map((flavour) => `${flavour} ${ramMBOf(flavour) / 1024} GiB`),
  isCategory: true,
};

export const panelKey = (site: UlsterSite, load: Load): string => `${site} ${load}`;
export const wanPanels = ulsterSites.flatMap((site) =>
  loads.map((load) => ({ key: panelKey(site, load), title: `${siteNames[site]}, ${load}` })),
);

/** A published row as points. */
export const publishedRow = (of: (flavour: Flavour) => number): CurvePoint[] =>
  flavours.map((flavour, index) => publishedPoint(index, of(flavour)));

/** A part's cells over the flavours. */
export const flavourPoints = (
  setting: Setting,
  part: string,
  labels: Readonly<Record<string, string>>,
  quantity: Quantity,
  scale: number,
): CurvePoint[] =>
  flavours.flatMap((flavour, index) =>
    pointOf(index, completedIn(setting, part, { ...labels, flavour }), quantity, scale),
  );

/** Links and loads without any completed run of post-copy. */
export const missingOfWan = (setting: Setting): string[] =>
  ulsterSites.flatMap((site) =>
    loads
      .filter((load) => completedIn(setting, 'post-copy', { link: site, load }).length === 0)
      .map((load) => `no completed run of post-copy over ${siteNames[site]}, ${load}`),
  );
