import type { Check, Trend } from 'livemig/study';
import { everything, figure, medianOf, mostBy, seconds, slower, totalTimeMs, where } from 'livemig/study';
import type { Link } from '../published.ts';
import { linkText } from '../published.ts';
import type { StressPoint } from '../stress.ts';
import { publishedTimeLine, stressPoints, timeLine } from '../stress.ts';

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

/** @param byFactor by which a control lengthens one cell's time */
const linearOn = (id: '1a' | '1b', link: Link, byFactor: number): Check => ({
  id,
  statement: `Hybrid total time is linear in stressed memory at ${linkText[link]} (R²)`,
  table: 'Tab. 1',
  published: figure(publishedTimeLine(link).r2),
  control: {
    setup: 'one cell far off the line',
    spoil: where('hybrid', { link, stressMB: 4096 }, slower(byFactor)),
  },
  prepare: (need) => {
    const points = stressPoints(need, 'hybrid', link);
    return () => ({
      statistic: (draw) => timeLine(draw, points).r2,
      detail: `${points.length} points`,
      explanation: farthest(points),
    });
  },
});

export const trend1: Trend = { trend: 1, checks: [linearOn('1a', '1G', 1.6), linearOn('1b', '10G', 2)] };
