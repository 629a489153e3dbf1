import type { Check, Finding, Trend } from '../check.ts';
import { icclabIperfMbps } from '../published.ts';
import { bandwidthMbps, bytesPerMs, cpuShare } from '../quantities.ts';
import { estimateOf, everything, medianOf } from '../statistics.ts';
import type { Draw } from '../statistics.ts';
import type { StressPart, StressPoint } from '../stress.ts';
import { pointsBandwidthMbps, publishedTimeLine, stressPoints, timeLine } from '../stress.ts';
import { figure, percent } from '../words.ts';

const publishedSlopes = { slow: publishedTimeLine('1G').slope, fast: publishedTimeLine('10G').slope };
const publishedRatio = publishedSlopes.slow / publishedSlopes.fast;
const publishedLinkRatio = icclabIperfMbps('10G') / icclabIperfMbps('1G');
/** Each stressed byte goes twice, so this is the rate at which the documents' sender really sent. */
const publishedShare = 2 / publishedSlopes.fast / bytesPerMs(icclabIperfMbps('10G'));

const goodputShare = (points: readonly StressPoint[]): number =>
  medianOf(points.at(-1)!.runs, (run) => run.measurement.pageGoodputMbps / bandwidthMbps(run));

const shares = (slow: readonly StressPoint[], fast: readonly StressPoint[]): string =>
  `at the most stress pages take ${percent(goodputShare(slow))} of the slow link and ${percent(goodputShare(fast))} ` +
  `of the fast one, where agents and guest take ${percent(medianOf(fast.at(-1)!.runs, cpuShare))} of the machine's CPU ` +
  `time; by their slope the documents' sender took ${percent(publishedShare)} of the fast link`;

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
  texts: Pick<Check, 'statement' | 'published'>,
  find: (lines: Lines) => Pick<Finding, 'estimate' | 'detail'>,
): Check => ({
  id,
  ...texts,
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
  },
  (lines) => ({
    estimate: estimateOf((draw) => slopeRatio(draw, lines), '×'),
    detail: `on a ${figure(linkRatio(everything, lines))} × link`,
  }),
);

const free = ratioCheck(
  '3b',
  'hybrid',
  {
    statement: 'Without that cap the slopes are as the links: slope ratio over link ratio',
    published: `${figure(publishedRatio / publishedLinkRatio)} × (with their sender)`,
  },
  (lines) => ({
    estimate: estimateOf((draw) => slopeRatio(draw, lines) / linkRatio(draw, lines), '×'),
    detail: `slopes ${figure(slopeRatio(everything, lines))} ×, links ${figure(linkRatio(everything, lines))} ×`,
  }),
);

export const trend3: Trend = { trend: 3, experiment: 'icclab-10g', checks: [capped, free] };
