import type { Check, Finding, Trend } from '../check.ts';
import type { Needs } from '../needs.ts';
import { publishedFigures } from '../published.ts';
import { totalTimeMs } from '../quantities.ts';
import type { Draw, Line } from '../statistics.ts';
import { estimateOf, everything, leastBy, medianOf, mostBy } from '../statistics.ts';
import type { StressPoint } from '../stress.ts';
import { publishedTimeLine, stressPoints, timeLine } from '../stress.ts';
import { figure, scaleText, seconds } from '../words.ts';

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

const speedUp = (draw: Draw, { slow, fast }: Pair): number =>
  medianOf(draw(slow.runs), totalTimeMs) / medianOf(draw(fast.runs), totalTimeMs);

const published = (() => {
  const { hybridTotalTime } = publishedFigures['icclab-10g'];
  return hybridTotalTime['1G'].map((slow, index) => slow / hybridTotalTime['10G'][index]!);
})();
const publishedLeastRise = Math.min(...published.slice(1)) / published[0]!;

/** Time that no bandwidth shortens: where the slow link's line and the fast one's meet. */
const fixedMs = (slow: Line, fast: Line): number => {
  const atBytes = (fast.intercept - slow.intercept) / (slow.slope - fast.slope);
  return slow.intercept + slow.slope * atBytes;
};

const publishedFixedMs = fixedMs(publishedTimeLine('1G'), publishedTimeLine('10G'));

interface Material {
  pairs: readonly Pair[];
  unloaded: Pair;
  slow: readonly StressPoint[];
  fast: readonly StressPoint[];
  guestScale: number;
}

/** What our speed-up would be for guests of full size whose migration takes the documents' fixed time. */
const withTheirOverhead = ({ pairs, unloaded, slow, fast, guestScale }: Material): string => {
  const lines = { slow: timeLine(everything, slow), fast: timeLine(everything, fast) };
  const ourFixedMs = fixedMs(lines.slow, lines.fast);
  const timeMs = ({ runs }: StressPoint): number =>
    (medianOf(runs, totalTimeMs) - ourFixedMs) / guestScale + publishedFixedMs;
  const speedUpOf = (pair: Pair): number => timeMs(pair.slow) / timeMs(pair.fast);
  return (
    `Time at no stress, fitted: ${seconds(lines.slow.intercept)} and ${seconds(lines.fast.intercept)} ` +
    `(documents ${seconds(publishedTimeLine('1G').intercept)} and ${seconds(publishedTimeLine('10G').intercept)}); of it ` +
    `${seconds(ourFixedMs)} that no bandwidth shortens (where the two lines meet; documents ${seconds(publishedFixedMs)}); ` +
    `with theirs instead of ours a full-size guest would have ${figure(speedUpOf(unloaded))} × unloaded and ` +
    `${figure(Math.max(...pairs.map(speedUpOf)))} × at the peak (measured at κ_M ${scaleText(guestScale)})`
  );
};

const eachSpeedUp = ({ pairs }: Material): string =>
  `speed-up by stress: ${pairs.map((pair) => `${pair.stressMB} MB ${figure(speedUp(everything, pair))} ×`).join(', ')}`;

const loadedOf = ({ pairs }: Pick<Material, 'pairs'>): Pair[] => pairs.filter(({ stressMB }) => stressMB > 0);

const materialOf = (need: Needs): (() => Material) => {
  const slow = stressPoints(need, 'hybrid', '1G');
  const fast = stressPoints(need, 'hybrid-sender-cap', '10G');
  const pairs = pairsOf(slow, fast);
  const unloaded = pairs.find(({ stressMB }) => stressMB === 0);
  // Where a line is missing altogether, that says enough.
  if (slow.length > 0 && fast.length > 0) {
    if (unloaded === undefined)
      need.lacks('no stressMB=0 in both hybrid link=1G and hybrid-sender-cap link=10G');
    if (loadedOf({ pairs }).length === 0)
      need.lacks('no other stressMB in both hybrid link=1G and hybrid-sender-cap link=10G');
  }
  return () => ({ pairs, unloaded: unloaded!, slow, fast, guestScale: need.setting.guestScale });
};

const check = (
  id: '4a' | '4b' | '4c',
  texts: Pick<Check, 'statement' | 'published'>,
  find: (material: Material) => Pick<Finding, 'estimate' | 'detail'>,
): Check => ({
  id,
  ...texts,
  table: 'Tab. 1',
  prepare: (need) => {
    const materialLater = materialOf(need);
    return () => {
      const material = materialLater();
      return { ...find(material), explanation: `${eachSpeedUp(material)}. ${withTheirOverhead(material)}` };
    };
  },
});

export const trend4: Trend = {
  trend: 4,
  experiment: 'icclab-10g',
  checks: [
    check(
      '4a',
      {
        statement: 'Unloaded, the fast link gains little: time at 1 Gb/s over 10 Gb/s, nothing stressed',
        published: `${figure(published[0]!)} ×`,
      },
      ({ unloaded }) => ({ estimate: estimateOf((draw) => speedUp(draw, unloaded), '×') }),
    ),
    check(
      '4b',
      {
        statement: 'Under load it gains more: the speed-up at its peak',
        published: `${figure(Math.max(...published))} ×`,
      },
      (material) => ({
        estimate: estimateOf((draw) => Math.max(...material.pairs.map((pair) => speedUp(draw, pair))), '×'),
        detail: `at ${mostBy(material.pairs, (pair) => speedUp(everything, pair)).stressMB} MB`,
      }),
    ),
    check(
      '4c',
      {
        statement: 'The speed-up rises with load: the least one under load over the unloaded one',
        published: `${figure(publishedLeastRise)} ×`,
      },
      (material) => ({
        estimate: estimateOf(
          (draw) =>
            Math.min(...loadedOf(material).map((pair) => speedUp(draw, pair))) /
            speedUp(draw, material.unloaded),
          '×',
        ),
        detail: `least at ${leastBy(loadedOf(material), (pair) => speedUp(everything, pair)).stressMB} MB`,
      }),
    ),
  ],
};
