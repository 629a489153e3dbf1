import type { CompletedRun, SetUp } from 'livemig/study';
import { mebibyte } from 'livemig/study';
import type { CurvePoint, Quantity, Series, Style, XAxis } from 'livemig/study/plots';
import * as plots from 'livemig/study/plots';
import type { Link } from '../published.ts';
import { links, linkText, published } from '../published.ts';

/** Hybrid migration against stressed memory: common parts of the plots of total time, downtime and data. */

const looks = {
  '1G': { colour: 'a', shape: 'circle' },
  '10G': { colour: 'b', shape: 'triangle-up' },
} as const satisfies Record<Link, Pick<Style, 'colour' | 'shape'>>;

/** In the document's MB, as an interface of the link counts it, headers included: what they measured. */
export const transferredMB = ({ measurement }: CompletedRun): number =>
  measurement.wire.sourceToDestinationBytes / mebibyte;

/** 1,024 of the documents' MB, of 2^20 bytes each, are one GiB on the axis. */
export const stressAxis: XAxis = {
  key: 'stress_mb',
  title: 'Stressed memory in published terms (GiB)',
  ticks: published.hybridTotalTime.stressMB,
  labels: published.hybridTotalTime.stressMB.map((stressMB) => String(stressMB / 1024)),
  isCategory: false,
};

/** A table of the document as a hollow, dashed curve. */
export const publishedSeries = (
  link: Link,
  values: readonly number[],
  sigma: Readonly<Record<string, number>> = {},
): Series => ({
  label: `${linkText[link]}, published`,
  origin: 'published',
  style: plots.published(looks[link]),
  panel: 'all',
  points: published.hybridTotalTime.stressMB.map((stressMB, index) =>
    plots.publishedPoint(stressMB, values[index]!, sigma[`${link}@${stressMB}`]),
  ),
});

const points = (
  setUp: SetUp,
  part: string,
  link: Link,
  quantity: Quantity,
  isScaled: boolean,
): CurvePoint[] =>
  plots
    .axisValues(setUp, part, 'stressMB')
    .flatMap((stressMB) =>
      plots.pointOf(
        stressMB,
        plots.completedIn(setUp, part, { link, stressMB }),
        quantity,
        isScaled ? setUp.guestScale : 1,
      ),
    );

export const measuredSeries = (setUp: SetUp, link: Link, quantity: Quantity, isScaled: boolean): Series => ({
  label: `${linkText[link]}, measured`,
  origin: 'measured',
  style: plots.measured(looks[link]),
  panel: 'all',
  points: points(setUp, 'hybrid', link, quantity, isScaled),
});

/** A further part as a separate curve, omitted if it has no runs. */
export const extraSeries = (
  setUp: SetUp,
  part: 'hybrid-sender-cap' | 'hybrid-no-redirty',
  quantity: Quantity,
): Series[] => {
  const isCap = part === 'hybrid-sender-cap';
  const found = points(setUp, part, isCap ? '10G' : '1G', quantity, true);
  if (found.length === 0) return [];
  return [
    {
      label: isCap ? '10 Gb/s, sender capped at 58 % of the link' : '1 Gb/s, never dirtied again (control)',
      origin: 'measured',
      style: plots.measured(
        isCap
          ? { colour: 'c', shape: 'square', dash: [9, 3] }
          : { colour: 'd', shape: 'diamond', dash: [2, 3] },
      ),
      panel: 'all',
      points: found,
    },
  ];
};

/** Planned cells without a completed run. */
export const missingCells = (setUp: SetUp, part: string): string[] =>
  links
    .filter((link) => plots.completedIn(setUp, part, { link }).length === 0)
    .map((link) => `no completed run of ${part} at ${linkText[link]}`);
