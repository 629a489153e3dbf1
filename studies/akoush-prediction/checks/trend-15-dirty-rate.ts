import type { Check, Control } from 'livemig/study';
import { everything, figure, slower, where } from 'livemig/study';
import type { RatePoint } from '../dirty-rate.ts';
import { loadOf, pauseMs, ratePoints, riseOverLine, splitAtKnee, timeMs } from '../dirty-rate.ts';
import { proportionalDowntime, rates } from '../on-paper.ts';

const pauses = (points: readonly RatePoint[]): string =>
  points
    .map((point) => `${figure(pauseMs(everything, point))} ms at ρ ${figure(loadOf(everything, point))}`)
    .join(', ');

const times = (points: readonly RatePoint[]): string =>
  points
    .map((point) => `${figure(timeMs(everything, point) / 1000)} s at ρ ${figure(loadOf(everything, point))}`)
    .join(', ');

const proportional: Control = {
  setup: 'downtime that rises in proportion to the dirty rate',
  spoil: proportionalDowntime,
};

const knee: Check = {
  id: '15a',
  statement:
    'Downtime rises from a knee on: ρ halfway between the last rate up to it and the first beyond it',
  table: 'chart of key parameter 1, no figures; by the rule’s arithmetic',
  published: '2/3, as 1/(1 − ρ) = 3',
  publishedVerdict: 'not measured',
  control: proportional,
  prepare: (need) => {
    const points = ratePoints(need, '1G');
    return () => ({
      statistic: (draw) => {
        const { upTo, beyond } = splitAtKnee(draw, points);
        return (loadOf(draw, upTo.at(-1)!) + (beyond[0] === undefined ? NaN : loadOf(draw, beyond[0]))) / 2;
      },
      detail: pauses(points),
      explanation:
        'Up to it every round is shorter than the one before, until fewer than 50 pages are left; beyond it 3 × RAM ' +
        'have been sent before that.',
    });
  },
};

const downtimeBends: Check = {
  id: '15b',
  statement:
    'Dirty rate has a nonlinear effect on downtime: its rise up to the knee, over that of a straight line',
  table: 'chart of key parameter 1',
  published: 'nonlinear; no figures',
  publishedVerdict: 'not measured',
  control: proportional,
  prepare: (need) => {
    const points = ratePoints(need, '1G');
    // Below the knee by the rule's arithmetic, wherever it turns out to be.
    const middle = points.findLast((point) => loadOf(everything, point) < 2 / 3);
    return () => ({
      statistic: (draw) => {
        const at = (point: RatePoint) => [loadOf(draw, point), pauseMs(draw, point)] as const;
        return riseOverLine(at(points[0]!), at(middle!), at(points.at(-1)!));
      },
      detail: pauses([points[0]!, middle!, points.at(-1)!]),
      explanation: 'Up to the knee, next to nothing is left for the downtime.',
    });
  },
};

const timeBends: Check = {
  id: '15c',
  statement:
    'Dirty rate has a nonlinear effect on migration time: its rise on the way to the knee, over that of a straight line',
  table: 'chart of key parameter 1',
  published: 'nonlinear; no figures',
  publishedVerdict: 'not measured',
  control: {
    setup: 'a longer time on the way to the knee',
    spoil: where('dirty-rate', { link: '1G', pagesPerS: rates[1] }, slower(1.6)),
  },
  prepare: (need) => {
    const points = ratePoints(need, '1G');
    const below = points.filter((point) => loadOf(everything, point) < 2 / 3);
    const [middle, last] = below.slice(-2);
    if (points.length > 0 && below.length < 3) need.lacks('three dirty rates below ρ = 2/3 in dirty-rate');
    return () => ({
      statistic: (draw) => {
        const at = (point: RatePoint) => [loadOf(draw, point), timeMs(draw, point)] as const;
        return riseOverLine(at(points[0]!), at(middle!), at(last!));
      },
      detail: times([points[0]!, middle!, last!]),
      explanation: 'Each round takes ρ of the one before, so that together they take 1/(1 − ρ) of the first.',
    });
  },
};

export const dirtyRateChecks: readonly Check[] = [knee, downtimeBends, timeBends];
