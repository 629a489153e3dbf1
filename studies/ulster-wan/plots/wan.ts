import type { SetUp } from 'livemig/study';
import type { CurvePoint, Quantity, XAxis } from 'livemig/study/plots';
import { completedIn, pointOf, publishedPoint } from 'livemig/study/plots';
import type { Flavour, Load, Site } from '../published.ts';
import { flavours, loads, ramMBOf, sites } from '../published.ts';

/** Common parts of the plots: flavours on the x axis, a panel for each link and load. */

export const siteNames: Readonly<Record<Site, string>> = {
  dublin: 'Coleraine–Dublin, 5.5 ms',
  halifax: 'Coleraine–Halifax, 52.5 ms',
};

export const flavourAxis: XAxis = {
  key: 'flavour',
  title: 'Flavour (RAM in published terms)',
  ticks: flavours.map((_, index) => index),
  labels: flavours.map((flavour) => `${flavour} ${ramMBOf(flavour) / 1024} GiB`),
  isCategory: true,
};

export const panelKey = (site: Site, load: Load): string => `${site} ${load}`;
export const wanPanels = sites.flatMap((site) =>
  loads.map((load) => ({ key: panelKey(site, load), title: `${siteNames[site]}, ${load}` })),
);

/** A published row as points. */
export const publishedRow = (of: (flavour: Flavour) => number): CurvePoint[] =>
  flavours.map((flavour, index) => publishedPoint(index, of(flavour)));

/** A part's cells over the flavours. */
export const flavourPoints = (
  setUp: SetUp,
  part: string,
  labels: Readonly<Record<string, string>>,
  quantity: Quantity,
  scale: number,
): CurvePoint[] =>
  flavours.flatMap((flavour, index) =>
    pointOf(index, completedIn(setUp, part, { ...labels, flavour }), quantity, scale),
  );

/** Links and loads without any completed run of post-copy. */
export const missingOfWan = (setUp: SetUp): string[] =>
  sites.flatMap((site) =>
    loads
      .filter((load) => completedIn(setUp, 'post-copy', { link: site, load }).length === 0)
      .map((load) => `no completed run of post-copy over ${siteNames[site]}, ${load}`),
  );
