import type { Check, Trend } from '../check.ts';
import { transferredAs } from '../../measure/accounting.ts';
import type { Accounting } from '../../measure/accounting.ts';
import { icclabIperfMbps } from '../published.ts';
import { bandwidthMbps, bytesPerMs } from '../quantities.ts';
import { estimateOf, fitLine, medianOf } from '../statistics.ts';
import type { StressPart, StressPoint } from '../stress.ts';
import { pointsBandwidthMbps, publishedTimeLine, stressPoints, timeLine } from '../stress.ts';
import { figure, percent } from '../words.ts';

/** The slope in bytes that were counted instead of time, and how well the pages filled the link. */
const counted = (points: readonly StressPoint[], accounting: Accounting): string => {
  const { slope } = fitLine(
    points.map(({ bytes, runs }) => [
      bytes,
      medianOf(runs, ({ measurement }) => transferredAs(measurement, accounting)),
    ]),
  );
  const share = medianOf(points.at(-1)!.runs, (run) => run.measurement.pageGoodputMbps / bandwidthMbps(run));
  return (
    `counted instead of timed (${accounting}), ${figure(slope)} bytes go for each stressed one; at the most stress ` +
    `pages take ${percent(share)} of the calibrated bandwidth`
  );
};

const bytesPerStressedByte = (
  id: '2a' | '2b',
  part: StressPart,
  statement: string,
  published: string,
): Check => ({
  id,
  statement,
  table: 'Tab. 1, Fig. 4',
  published,
  prepare: (need, { accounting }) => {
    const points = stressPoints(need, part, '1G');
    return () => ({
      estimate: estimateOf(
        (draw) => timeLine(draw, points).slope * bytesPerMs(pointsBandwidthMbps(draw, points)),
        'B/B',
      ),
      detail: `${points.length} points`,
      explanation: counted(points, accounting),
    });
  },
});

const publishedBytes = publishedTimeLine('1G').slope * bytesPerMs(icclabIperfMbps('1G'));

export const trend2: Trend = {
  trend: 2,
  experiment: 'icclab-10g',
  checks: [
    bytesPerStressedByte(
      '2a',
      'hybrid',
      'Hybrid sends each stressed byte twice: slope × bandwidth at 1 Gb/s is 2',
      `${publishedBytes.toFixed(3)} B/B`,
    ),
    bytesPerStressedByte(
      '2b',
      'hybrid-no-redirty',
      'Control of 2a: memory that is never dirtied again goes once',
      'none (a control)',
    ),
  ],
};
