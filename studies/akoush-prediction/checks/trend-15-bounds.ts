import type { Check, Draw } from 'livemig/study';
import { everything, figure, leastBy, longerPause, mostBy, slower, where } from 'livemig/study';
import type { RatePoint } from '../dirty-rate.ts';
import { onceMs, pauseMs, ratePoints, timeMs } from '../dirty-rate.ts';
import { rates } from '../on-paper.ts';
import type { Link } from '../published.ts';
import { links, linkText } from '../published.ts';

/** The bounds are of the authors' paper, or follow from the rule; the document has none. */
const source = 'not in the document: bounds of the paper, and by the rule’s arithmetic';

interface BoundedPoint extends RatePoint {
  link: Link;
  least: RatePoint;
}

/** Total time without set-up, over V/B. */
const timesOver = (draw: Draw, point: BoundedPoint): number =>
  (timeMs(draw, point) - setupMs(draw, point)) / onceMs(draw, point.least);
const setupMs = (draw: Draw, { runs }: RatePoint): number =>
  Math.min(...draw(runs).map(({ measurement }) => measurement.setupTimeMs));
/** Downtime without that of a guest that writes next to nothing, over V/B. */
const pauseOver = (draw: Draw, point: BoundedPoint): number =>
  (pauseMs(draw, point) - pauseMs(draw, point.least)) / onceMs(draw, point.least);

const placeOf = ({ link, pagesPerS }: BoundedPoint): string => `${pagesPerS} pages/s at ${linkText[link]}`;

type Of = (draw: Draw, point: BoundedPoint) => number;

const bounded = (
  id: string,
  of: Of,
  pick: 'largest' | 'least',
  over: readonly Link[],
  texts: Pick<Check, 'statement' | 'published' | 'control'>,
): Check => ({
  id,
  ...texts,
  publishedVerdict: 'not measured',
  table: source,
  prepare: (need) => {
    const points = over.flatMap((link) => {
      const found = ratePoints(need, link);
      return found.map((point) => ({ ...point, link, least: found[0]! }));
    });
    return () => {
      const by = (point: BoundedPoint): number => of(everything, point);
      const utmost = pick === 'largest' ? mostBy(points, by) : leastBy(points, by);
      const reduce = pick === 'largest' ? Math.max : Math.min;
      return {
        statistic: (draw) => reduce(...points.map((point) => of(draw, point))),
        detail: `of ${points.length} cells, the ${pick} at ${placeOf(utmost)}`,
        explanation: `V/B is ${figure(onceMs(everything, utmost.least) / 1000)} s there.`,
      };
    };
  },
});

export const boundChecks = [
  bounded('15d', timesOver, 'largest', links, {
    statement: 'No migration takes longer than five times V/B: the longest, over V/B',
    published: '≤ 5: three times the RAM, a last round and the downtime',
    control: {
      setup: 'a guest that is sent seven times',
      spoil: where('dirty-rate', { link: '1G', pagesPerS: rates.at(-1)! }, slower(2)),
    },
  }),
  bounded('15e', timesOver, 'least', ['1G'], {
    statement: 'No migration is shorter than V/B: the shortest at 1 Gb/s, over V/B',
    published: '≥ 1: every page is sent once',
    control: {
      setup: 'a guest that is sent in half',
      spoil: where('dirty-rate', { link: '1G', pagesPerS: rates[0] }, slower(0.5)),
    },
  }),
  bounded('15f', pauseOver, 'largest', links, {
    statement: 'No downtime is longer than that of an idle guest and V/B: the longest beyond it, over V/B',
    published: '≤ 1: every page is left once at most',
    control: {
      setup: 'a downtime of twice V/B',
      spoil: where('dirty-rate', { link: '1G', pagesPerS: rates.at(-1)! }, longerPause(20_000)),
    },
  }),
];
