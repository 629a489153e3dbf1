import { publishedFigures } from '../../trends/published.ts';
import type { Quantity, Setting } from './cells.ts';
import { axisValues, completedIn, pointOf, publishedPoint } from './cells.ts';
import type { CurvePoint, Series, XAxis } from './curves.ts';
import type { Style } from './style.ts';
import { measured, published } from './style.ts';

/** Hybrid migration against stressed memory: what the total time, downtime and data plots share. */

export const links = ['1G', '10G'] as const;
export type Link = (typeof links)[number];

const looks = {
  '1G': { colour: 'a', shape: 'circle' },
  '10G': { colour: 'b', shape: 'triangle-up' },
} as const satisfies Record<Link, Pick<Style, 'colour' | 'shape'>>;

export const linkName: Readonly<Record<Link, string>> = { '1G': '1 Gb/s', '10G': '10 Gb/s' };

const published10g = publishedFigures['icclab-10g'];

/** 1,024 of the documents' MB, of 2^20 bytes each, are one GiB on the axis. */
export const stressAxis: XAxis = {
  key: 'stress_mb',
  title: 'Stressed memory in published terms (GiB)',
  ticks: published10g.hybridTotalTime.stressMB,
  labels: published10g.hybridTotalTime.stressMB.map((stressMB) => String(stressMB / 1024)),
  isCategory: false,
};

/** A table of the document as a hollow, dashed curve. */
export const publishedSeries = (
  link: Link,
  values: readonly number[],
  sigma: Readonly<Record<string, number>> = {},
): Series => ({
  label: `${linkName[link]}, published`,
  origin: 'published',
  style: published(looks[link]),
  panel: 'all',
  points: published10g.hybridTotalTime.stressMB.map((stressMB, index) =>
    publishedPoint(stressMB, values[index]!, sigma[`${link}@${stressMB}`]),
  ),
});

const points = (
  setting: Setting,
  part: string,
  link: Link,
  quantity: Quantity,
  isScaled: boolean,
): CurvePoint[] =>
  axisValues(setting, part, 'stressMB').flatMap((stressMB) =>
    pointOf(
      stressMB,
      completedIn(setting, part, { link, stressMB }),
      quantity,
      isScaled ? setting.guestScale : 1,
    ),
  );

export const measuredSeries = (
  setting: Setting,
  link: Link,
  quantity: Quantity,
  isScaled: boolean,
): Series => ({
  label: `${linkName[link]}, measured`,
  origin: 'measured',
  style: measured(looks[link]),
  panel: 'all',
  points: points(setting, 'hybrid', link, quantity, isScaled),
});

/** A further part as a curve of its own, left out where it has no runs. */
export const extraSeries = (
  setting: Setting,
  part: 'hybrid-sender-cap' | 'hybrid-no-redirty',
  quantity: Quantity,
): Series[] => {
  const isCap = part === 'hybrid-sender-cap';
  const found = points(setting, part, isCap ? '10G' : '1G', quantity, true);
  if (found.length === 0) return [];
  return [
    {
      label: isCap ? '10 Gb/s, sender capped at 58 % of the link' : '1 Gb/s, never dirtied again (control)',
      origin: 'measured',
      style: measured(
        isCap
          ? { colour: 'c', shape: 'square', dash: [9, 3] }
          : { colour: 'd', shape: 'diamond', dash: [2, 3] },
      ),
      panel: 'all',
      points: found,
    },
  ];
};

/** Cells that were meant to be measured and have no completed run. */
export const missingCells = (setting: Setting, part: string): string[] =>
  links
    .filter((link) => completedIn(setting, part, { link }).length === 0)
    .map((link) => `no completed run of ${part} at ${linkName[link]}`);
