import type { Check, Draw } from 'livemig/study';
import { asIn, everything, figure } from 'livemig/study';
import type { RatePoint } from '../dirty-rate.ts';
import { pauseMs, ratePoints, timeMs } from '../dirty-rate.ts';

interface Pair {
  slow: RatePoint;
  fast: RatePoint;
}

/** How much more a slow link costs, at the highest rate over at the lowest. */
const bends = (
  id: '15g' | '15h',
  what: string,
  of: (draw: Draw, point: RatePoint) => number,
  explanation: string,
): Check => ({
  id,
  statement: `Bandwidth has a nonlinear effect on ${what}: 1 Gb/s over 10 Gb/s, at the highest dirty rate over at the lowest`,
  table: 'chart of key parameter 2',
  published: 'nonlinear; no figures',
  publishedVerdict: 'not measured',
  control: {
    setup: 'a slow link on which a busy guest costs no more than on the fast one',
    spoil: asIn('dirty-rate', { link: '1G' }, 'dirty-rate', { link: '10G' }),
  },
  prepare: (need) => {
    const slow = ratePoints(need, '1G');
    const pairs = ratePoints(need, '10G').flatMap((fast): Pair[] => {
      const partner = slow.find(({ pagesPerS }) => pagesPerS === fast.pagesPerS);
      return partner === undefined ? [] : [{ slow: partner, fast }];
    });
    const ratio = (draw: Draw, pair: Pair): number => of(draw, pair.slow) / of(draw, pair.fast);
    if (pairs.length < 2) need.lacks('two dirty rates that both links have in dirty-rate');
    return () => ({
      statistic: (draw) => ratio(draw, pairs.at(-1)!) / ratio(draw, pairs[0]!),
      detail: pairs
        .map((pair) => `${figure(ratio(everything, pair))} × at ${pair.slow.pagesPerS} pages/s`)
        .join(', '),
      explanation,
    });
  },
});

export const bandwidthChecks = [
  bends('15g', 'migration time', timeMs, 'On the fast link ρ is a tenth, so that rounds shrink at once.'),
  bends('15h', 'downtime', pauseMs, 'Beyond the knee of the slow link, the fast one is far below its own.'),
];
