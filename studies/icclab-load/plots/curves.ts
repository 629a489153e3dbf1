import type { SetUp } from 'livemig/study';
import { totalTimeS } from 'livemig/study';
import type { CurvePoint, Series, Style, XAxis } from 'livemig/study/plots';
import { axisValues, completedIn, measured, pointOf, published as publishedStyle } from 'livemig/study/plots';

/** Total time against an axis: common parts of the plots. */

type Look = Pick<Style, 'colour' | 'shape'>;
export const looks = {
  first: { colour: 'a', shape: 'circle' },
  second: { colour: 'b', shape: 'triangle-up' },
} as const satisfies Record<string, Look>;

export const publishedSeries = (label: string, look: Look, points: readonly CurvePoint[]): Series => ({
  label: `${label}, published`,
  origin: 'published',
  style: publishedStyle(look),
  panel: 'all',
  points,
});

/** The cells of a part with these labels along an axis, divided by κ_M. */
export const measuredSeries = (
  setUp: SetUp,
  { label, look, part, axis }: { label: string; look: Look; part: string; axis: string },
  labels: Readonly<Record<string, string>> = {},
): Series => ({
  label: `${label}, measured`,
  origin: 'measured',
  style: measured(look),
  panel: 'all',
  points: axisValues(setUp, part, axis).flatMap((at) =>
    pointOf(at, completedIn(setUp, part, { ...labels, [axis]: at }), totalTimeS, setUp.guestScale),
  ),
});

export const stressAxis = (ticks: readonly number[]): XAxis => ({
  key: 'stress_mb',
  title: 'Stressed memory (MB)',
  ticks,
  labels: ticks.map(String),
  isCategory: false,
});

/** Parts without a completed run. */
export const missingParts = (setUp: SetUp, parts: readonly string[]): string[] =>
  parts.filter((part) => completedIn(setUp, part).length === 0).map((part) => `no completed run of ${part}`);

export const timeTitle = ({ guestScale }: SetUp): string =>
  guestScale === 1 ? 'Total time (s)' : 'Total time (s; measured ÷ κ_M)';
