import type { Check, Draw, Trend } from 'livemig/study';
import {
  downtimeDifference,
  downtimeMs,
  everything,
  figure,
  longerPause,
  medianOf,
  mostBy,
  where,
} from 'livemig/study';
import type { Link } from '../published.ts';
import { linkText, published } from '../published.ts';
import type { StressPoint } from '../stress.ts';
import { stressPoints } from '../stress.ts';

const { hybridDowntime } = published;
const publishedGrowth = (link: Link): number => hybridDowntime[link].at(-1)! - hybridDowntime[link][0]!;
const publishedGap = Math.max(
  ...hybridDowntime['1G'].map((slow, index) => Math.abs(slow - hybridDowntime['10G'][index]!)),
);

const growthOn = (id: '5a' | '5b', link: Link): Check => ({
  id,
  statement: `Hybrid downtime hardly depends on load at ${linkText[link]}: at the highest stress minus at none`,
  table: 'Tab. 2',
  published: `${figure(publishedGrowth(link))} s`,
  control: {
    setup: 'downtime that grows with load',
    spoil: where('hybrid', { link, stressMB: 8192 }, longerPause(600)),
  },
  prepare: (need) => {
    const points = stressPoints(need, 'hybrid', link);
    const least = points[0];
    const most = points.at(-1);
    if (least !== undefined && least.stressMB !== 0) need.lacks(`no stressMB=0 in hybrid link=${link}`);
    return () => ({
      statistic: (draw) =>
        (medianOf(draw(most!.runs), downtimeMs) - medianOf(draw(least!.runs), downtimeMs)) / 1000,
      detail: `${figure(medianOf(least!.runs, downtimeMs))} ms at 0, ${figure(medianOf(most!.runs, downtimeMs))} ms at ${most!.stressMB} MB`,
      explanation: downtimeDifference(most!.runs, least!.runs),
    });
  },
});

interface Pair {
  slow: StressPoint;
  fast: StressPoint;
}
const gapMs = ({ slow, fast }: Pair, draw: Draw = everything): number =>
  Math.abs(medianOf(draw(slow.runs), downtimeMs) - medianOf(draw(fast.runs), downtimeMs));

const betweenLinks: Check = {
  id: '5c',
  statement: 'Hybrid downtime hardly depends on the link: largest difference over the loads',
  table: 'Tab. 2',
  published: `${figure(publishedGap)} s`,
  control: {
    setup: 'downtime that depends on the link',
    spoil: where('hybrid', { link: '10G' }, longerPause(300)),
  },
  prepare: (need) => {
    const fast = stressPoints(need, 'hybrid', '10G');
    const pairs = stressPoints(need, 'hybrid', '1G').flatMap((slow): Pair[] => {
      const partner = fast.find(({ stressMB }) => stressMB === slow.stressMB);
      return partner === undefined ? [] : [{ slow, fast: partner }];
    });
    if (pairs.length === 0) need.lacks('no stressMB that hybrid has at both 1G and 10G');
    return () => {
      const widest = mostBy(pairs, (pair) => gapMs(pair));
      return {
        statistic: (draw) => Math.max(...pairs.map((pair) => gapMs(pair, draw))) / 1000,
        detail: `of ${pairs.length} loads, the largest at ${widest.slow.stressMB} MB`,
        explanation: downtimeDifference(widest.slow.runs, widest.fast.runs),
      };
    };
  },
};

export const trend5: Trend = {
  trend: 5,
  checks: [growthOn('5a', '1G'), growthOn('5b', '10G'), betweenLinks],
};
