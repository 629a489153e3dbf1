import type { Check, Trend } from '../check.ts';
import type { IcclabLink } from '../published.ts';
import { totalTimeMs } from '../quantities.ts';
import { estimateOf, everything, medianOf, mostBy } from '../statistics.ts';
import type { StressPoint } from '../stress.ts';
import { linkText, publishedTimeLine, stressPoints, timeLine } from '../stress.ts';
import { figure, seconds } from '../words.ts';

/** Which cell is farthest from the line, and by how much. */
const farthest = (points: readonly StressPoint[]): string => {
  const line = timeLine(everything, points);
  const off = points.map(({ stressMB, bytes, runs }) => {
    const timeMs = medianOf(runs, totalTimeMs);
    return { stressMB, timeMs, byMs: timeMs - (line.intercept + line.slope * bytes) };
  });
  const most = mostBy(off, ({ byMs }) => Math.abs(byMs));
  const side = most.byMs < 0 ? 'below' : 'above';
  return `farthest from the line: ${most.stressMB} MB, ${seconds(Math.abs(most.byMs))} ${side} it at ${seconds(most.timeMs)}`;
};

const linearOn = (id: '1a' | '1b', link: IcclabLink): Check => ({
  id,
  statement: `Hybrid total time is linear in stressed memory at ${linkText[link]} (R²)`,
  table: 'Tab. 1',
  published: figure(publishedTimeLine(link).r2),
  prepare: (need) => {
    const points = stressPoints(need, 'hybrid', link);
    return () => ({
      estimate: estimateOf((draw) => timeLine(draw, points).r2, ''),
      detail: `${points.length} points`,
      explanation: farthest(points),
    });
  },
});

export const trend1: Trend = {
  trend: 1,
  experiment: 'icclab-10g',
  checks: [linearOn('1a', '1G'), linearOn('1b', '10G')],
};
