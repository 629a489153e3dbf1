import type { Check, CheckOptions, Draw, Finding, Needs, Trend } from 'livemig/study';
import { asIn, everything, figure, leastBy, medianOf, mostBy, seconds, slower, where } from 'livemig/study';
import { runsWithoutOverhead } from '../on-paper.ts';
import { published } from '../published.ts';
import type { StressPoint } from '../stress.ts';
import { publishedTimeLine, stressPoints, timeLine } from '../stress.ts';

/** The same stress on both links; the fast one with the sender capped, as the documents' was (trend 3). */
interface Pair {
  stressMB: number;
  slow: StressPoint;
  fast: StressPoint;
}

const pairsOf = (slow: readonly StressPoint[], fast: readonly StressPoint[]): Pair[] =>
  slow.flatMap((point) => {
    const partner = fast.find(({ stressMB }) => stressMB === point.stressMB);
    return partner === undefined ? [] : [{ stressMB: point.stressMB, slow: point, fast: partner }];
  });

type TimeMs = CheckOptions['timeMs'];

const speedUp = (draw: Draw, { slow, fast }: Pair, timeMs: TimeMs): number =>
  medianOf(draw(slow.runs), timeMs) / medianOf(draw(fast.runs), timeMs);

const { hybridTotalTime } = published;
const publishedSpeedUps = hybridTotalTime['1G'].map((slow, index) => slow / hybridTotalTime['10G'][index]!);
const publishedLeastRise = Math.min(...publishedSpeedUps.slice(1)) / publishedSpeedUps[0]!;

interface Material {
  pairs: readonly Pair[];
  unloaded: Pair;
  slow: readonly StressPoint[];
  fast: readonly StressPoint[];
  timeMs: TimeMs;
}

const explanationOf = ({ pairs, slow, fast, timeMs }: Material): string =>
  `speed-up by stress: ${pairs.map((pair) => `${pair.stressMB} MB ${figure(speedUp(everything, pair, timeMs))} ×`).join(', ')}. ` +
  `Time at no stress, fitted: ${seconds(timeLine(everything, slow).intercept)} and ` +
  `${seconds(timeLine(everything, fast).intercept)} (documents ${seconds(publishedTimeLine('1G').intercept)} and ` +
  `${seconds(publishedTimeLine('10G').intercept)}, at full size)`;

const loadedOf = ({ pairs }: Pick<Material, 'pairs'>): Pair[] => pairs.filter(({ stressMB }) => stressMB > 0);

const materialOf = (need: Needs, timeMs: TimeMs): (() => Material) => {
  const slow = stressPoints(need, 'hybrid', '1G');
  const fast = stressPoints(need, 'hybrid-sender-cap', '10G');
  const pairs = pairsOf(slow, fast);
  const unloaded = pairs.find(({ stressMB }) => stressMB === 0);
  // If a line is missing altogether, that says enough.
  if (slow.length > 0 && fast.length > 0) {
    if (unloaded === undefined)
      need.lacks('no stressMB=0 in both hybrid link=1G and hybrid-sender-cap link=10G');
    if (loadedOf({ pairs }).length === 0)
      need.lacks('no other stressMB in both hybrid link=1G and hybrid-sender-cap link=10G');
  }
  return () => ({ pairs, unloaded: unloaded!, slow, fast, timeMs });
};

const check = (
  id: '4a' | '4b' | '4c',
  texts: Pick<Check, 'statement' | 'published' | 'control'>,
  find: (material: Material) => Pick<Finding, 'statistic' | 'detail'>,
): Check => ({
  id,
  ...texts,
  table: 'Tab. 1',
  prepare: (need, { timeMs }) => {
    const materialLater = materialOf(need, timeMs);
    return () => {
      const material = materialLater();
      return { ...find(material), explanation: explanationOf(material) };
    };
  },
});

export const trend4: Trend = {
  trend: 4,
  checks: [
    check(
      '4a',
      {
        statement: 'Unloaded, the fast link gains little: time at 1 Gb/s over 10 Gb/s, nothing stressed',
        published: `${figure(publishedSpeedUps[0]!)} ×`,
        control: { setup: 'no fixed overhead', spoil: runsWithoutOverhead },
      },
      ({ unloaded, timeMs }) => ({ statistic: (draw) => speedUp(draw, unloaded, timeMs) }),
    ),
    check(
      '4b',
      {
        statement: 'Under load it gains more: the speed-up at its peak',
        published: `${figure(Math.max(...publishedSpeedUps))} ×`,
        control: {
          setup: 'a cap that caps nothing',
          spoil: asIn('hybrid-sender-cap', { link: '10G' }, 'hybrid'),
        },
      },
      (material) => ({
        statistic: (draw) => Math.max(...material.pairs.map((pair) => speedUp(draw, pair, material.timeMs))),
        detail: `at ${mostBy(material.pairs, (pair) => speedUp(everything, pair, material.timeMs)).stressMB} MB`,
      }),
    ),
    check(
      '4c',
      {
        statement: 'The speed-up rises with load: the least one under load over the unloaded one',
        published: `${figure(publishedLeastRise)} ×`,
        control: {
          setup: 'a fast link for unloaded guests only',
          spoil: where('hybrid-sender-cap', { stressMB: 0 }, slower(0.2)),
        },
      },
      (material) => ({
        statistic: (draw) =>
          Math.min(...loadedOf(material).map((pair) => speedUp(draw, pair, material.timeMs))) /
          speedUp(draw, material.unloaded, material.timeMs),
        detail: `least at ${leastBy(loadedOf(material), (pair) => speedUp(everything, pair, material.timeMs)).stressMB} MB`,
      }),
    ),
  ],
};
