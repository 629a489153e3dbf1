import type { Check, Draw, Finding, Trend } from 'livemig/study';
import {
  asIn,
  bandwidthMbps,
  bytesPerMs,
  cpuShareText,
  everything,
  figure,
  medianOf,
  percent,
} from 'livemig/study';
import { iperfMbps } from '../published.ts';
import type { StressPart, StressPoint } from '../stress.ts';
import { pointsBandwidthMbps, publishedTimeLine, stressPoints, timeLine } from '../stress.ts';

const publishedSlopes = { slow: publishedTimeLine('1G').slope, fast: publishedTimeLine('10G').slope };
const publishedRatio = publishedSlopes.slow / publishedSlopes.fast;
const publishedLinkRatio = iperfMbps('10G') / iperfMbps('1G');
/** Each stressed byte is sent twice, so this is the rate that the documents' sender actually reached. */
const publishedShare = 2 / publishedSlopes.fast / bytesPerMs(iperfMbps('10G'));

const goodputShare = (points: readonly StressPoint[]): number =>
  medianOf(points.at(-1)!.runs, (run) => run.measurement.pageGoodputMbps / bandwidthMbps(run));

const shares = (slow: readonly StressPoint[], fast: readonly StressPoint[]): string =>
  `at the highest stress, pages take ${percent(goodputShare(slow))} of the slow link and ${percent(goodputShare(fast))} ` +
  `of the fast one, where ${cpuShareText(fast.at(-1)!.runs)}; by their slope the documents' sender took ${percent(publishedShare)} of the fast link`;

interface Lines {
  slow: readonly StressPoint[];
  fast: readonly StressPoint[];
}
const slopeRatio = (draw: Draw, { slow, fast }: Lines): number =>
  timeLine(draw, slow).slope / timeLine(draw, fast).slope;
const linkRatio = (draw: Draw, { slow, fast }: Lines): number =>
  pointsBandwidthMbps(draw, fast) / pointsBandwidthMbps(draw, slow);

const ratioCheck = (
  id: '3a' | '3b',
  fastPart: StressPart,
  rest: Omit<Check, 'id' | 'table' | 'prepare'>,
  find: (lines: Lines) => Pick<Finding, 'statistic' | 'detail'>,
): Check => ({
  id,
  ...rest,
  table: 'Tab. 1',
  prepare: (need) => {
    const slow = stressPoints(need, 'hybrid', '1G');
    const fast = stressPoints(need, fastPart, '10G');
    return () => ({ ...find({ slow, fast }), explanation: shares(slow, fast) });
  },
});

const capped = ratioCheck(
  '3a',
  'hybrid-sender-cap',
  {
    statement: 'A sender that tops out flattens the fast link: slope 1 Gb/s over 10 Gb/s, sender capped',
    published: `${figure(publishedRatio)} × on a ${figure(publishedLinkRatio)} × link`,
    control: {
      setup: 'a cap that caps nothing',
      spoil: asIn('hybrid-sender-cap', { link: '10G' }, 'hybrid'),
    },
  },
  (lines) => ({
    statistic: (draw) => slopeRatio(draw, lines),
    detail: `on a ${figure(linkRatio(everything, lines))} × link`,
  }),
);

const free = ratioCheck(
  '3b',
  'hybrid',
  {
    statement: 'Without that cap the slopes scale with the links: slope ratio over link ratio',
    published: `${figure(publishedRatio / publishedLinkRatio)} × (with their sender)`,
    // Their sender is capped.
    publishedVerdict: 'fails',
    control: {
      setup: 'a cap that should not be there',
      spoil: asIn('hybrid', { link: '10G' }, 'hybrid-sender-cap'),
    },
  },
  (lines) => ({
    statistic: (draw) => slopeRatio(draw, lines) / linkRatio(draw, lines),
    detail: `slopes ${figure(slopeRatio(everything, lines))} ×, links ${figure(linkRatio(everything, lines))} ×`,
  }),
);

export const trend3: Trend = { trend: 3, checks: [capped, free] };
