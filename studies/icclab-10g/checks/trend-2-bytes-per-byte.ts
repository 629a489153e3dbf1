import type { Accounting, Check, Trend } from 'livemig/study';
import {
  asIn,
  bandwidthMbps,
  bytesPerMs,
  figure,
  fitLine,
  medianOf,
  percent,
  transferredAs,
} from 'livemig/study';
import { iperfMbps } from '../published.ts';
import type { StressPart, StressPoint } from '../stress.ts';
import { pointsBandwidthMbps, publishedTimeLine, stressPoints, timeLine } from '../stress.ts';

/** The slope in counted bytes instead of time, and how well the pages filled the link. */
const counted = (points: readonly StressPoint[], accounting: Accounting): string => {
  const { slope } = fitLine(
    points.map(({ bytes, runs }) => [
      bytes,
      medianOf(runs, ({ measurement }) => transferredAs(measurement, accounting)),
    ]),
  );
  const share = medianOf(points.at(-1)!.runs, (run) => run.measurement.pageGoodputMbps / bandwidthMbps(run));
  return (
    `counted instead of timed (${accounting}), ${figure(slope)} bytes are sent for each stressed one; at the highest stress, ` +
    `pages take ${percent(share)} of the calibrated bandwidth`
  );
};

const bytesPerStressedByte = (
  id: '2a' | '2b',
  part: StressPart,
  rest: Pick<Check, 'statement' | 'published' | 'publishedVerdict' | 'control'>,
): Check => ({
  id,
  ...rest,
  table: 'Tab. 1, Fig. 4',
  prepare: (need, { accounting }) => {
    const points = stressPoints(need, part, '1G');
    return () => ({
      statistic: (draw) => timeLine(draw, points).slope * bytesPerMs(pointsBandwidthMbps(draw, points)),
      detail: `${points.length} points`,
      explanation: counted(points, accounting),
    });
  },
});

const publishedBytes = publishedTimeLine('1G').slope * bytesPerMs(iperfMbps('1G'));

export const trend2: Trend = {
  trend: 2,
  checks: [
    bytesPerStressedByte('2a', 'hybrid', {
      statement: 'Hybrid sends each stressed byte twice: slope × bandwidth at 1 Gb/s is 2',
      published: `${publishedBytes.toFixed(3)} B/B`,
      control: {
        setup: 'a guest that dirties nothing again',
        spoil: asIn('hybrid', { link: '1G' }, 'hybrid-no-redirty'),
      },
    }),
    bytesPerStressedByte('2b', 'hybrid-no-redirty', {
      statement: 'Control of 2a: memory that is never dirtied again is sent once',
      published: 'none (a control)',
      publishedVerdict: 'not measured',
      control: {
        setup: 'a control that dirties after all',
        spoil: asIn('hybrid-no-redirty', { link: '1G' }, 'hybrid'),
      },
    }),
  ],
};
