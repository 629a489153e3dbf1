import type { Draw, Needs, Runs } from 'livemig/study';
import { bandwidthMbps, bytesPerMs, downtimeMs, medianOf, pageSizeBytes, totalTimeMs } from 'livemig/study';
import type { Link } from './published.ts';
import frozen from './tolerances.json' with { type: 'json' };

/** Pre-copy under Xen's rule against the rate at which a guest rewrites its memory, over both links. */

export interface RatePoint {
  pagesPerS: number;
  runs: Runs;
}

/** Lowest rate first; recorded as missing if there are too few. */
export const ratePoints = (need: Needs, link: Link): RatePoint[] =>
  need
    .along('dirty-rate', { link }, 'pagesPerS', frozen.rules[`leastRates${link}`])
    .map(({ at, runs }) => ({ pagesPerS: Number(at), runs }));

const bandwidthBytesPerMs = (draw: Draw, { runs }: RatePoint): number =>
  bytesPerMs(medianOf(draw(runs), bandwidthMbps));

/** ρ: what the guest dirties over what the link carries in the same time, as calibrated. */
export const loadOf = (draw: Draw, point: RatePoint): number =>
  (point.pagesPerS * pageSizeBytes) / 1000 / bandwidthBytesPerMs(draw, point);

export const timeMs = (draw: Draw, { runs }: RatePoint): number => medianOf(draw(runs), totalTimeMs);
export const pauseMs = (draw: Draw, { runs }: RatePoint): number => medianOf(draw(runs), downtimeMs);

/** V/B in ms: the time of what a guest has to send that writes next to nothing, which is that of the lowest rate. */
export const onceMs = (draw: Draw, least: RatePoint): number =>
  medianOf(draw(least.runs), ({ measurement }) => measurement.ram.transferred) /
  bandwidthBytesPerMs(draw, least);

/**
 * Whether pages are left for the downtime: more than this share of V/B beyond that of a guest that writes next to nothing.
 * Up to the knee, rounds shrink until fewer than 50 pages are left.
 */
const leftShare = 0.05;

/** The points up to the knee, and those beyond it. */
export interface Knee {
  upTo: RatePoint[];
  beyond: RatePoint[];
}

export const splitAtKnee = (draw: Draw, points: readonly RatePoint[]): Knee => {
  const [least] = points;
  const isBeyond = (point: RatePoint): boolean =>
    pauseMs(draw, point) > pauseMs(draw, least!) + leftShare * onceMs(draw, least!);
  const first = points.findIndex(isBeyond);
  const count = first === -1 ? points.length : first;
  return { upTo: points.slice(0, count), beyond: points.slice(count) };
};

/** How far a curve has risen at a middle point, relative to the straight line between two others; 1 = it is straight. */
export const riseOverLine = (
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): number => (y1 - y0) / (((y2 - y0) * (x1 - x0)) / (x2 - x0));
