import type { Check, CompletedRun, Trend } from 'livemig/study';
import {
  asIn,
  bandwidthMbps,
  bytesPerMs,
  figure,
  formatBytes,
  leastBy,
  mebibyte,
  medianOf,
  percent,
  where,
} from 'livemig/study';
import type { Link } from '../published.ts';
import { orchestrationMs } from '../eras.ts';
import { iperfMbps, linkText, published, publishedBytes } from '../published.ts';
import type { StressPart } from '../stress.ts';
import { stressedBytes } from '../stress.ts';

/** The document's Fig. 5 is of a guest with this much stressed memory. */
const stressMB = 2048;

const utilisation = (run: CompletedRun): number => run.measurement.pageGoodputMbps / bandwidthMbps(run);

/**
 * The busiest sample of the router's series over the calibrated bandwidth; a sample also includes what was buffered
 * before.
 */
const peak = (run: CompletedRun): number =>
  Math.max(...run.measurement.series.link.map(({ sourceToDestinationMbps }) => sourceToDestinationMbps)) /
  bandwidthMbps(run);

/**
 * Fig. 5 has no numbers: computed from Tab. 1's time, minus what its software took, and Fig. 4's bytes at iperf's rate.
 */
const publishedUtilisation = (link: Link): number => {
  const index = published.hybridTotalTime.stressMB.indexOf(stressMB);
  const timeMs = published.hybridTotalTime[link][index]! * 1000 - orchestrationMs;
  return publishedBytes(stressMB) / timeMs / bytesPerMs(iperfMbps(link));
};

const utilisationOn = (
  id: '17a' | '17b',
  part: StressPart,
  link: Link,
  rest: Pick<Check, 'statement' | 'control'>,
): Check => ({
  id,
  ...rest,
  table: 'Fig. 5, Tab. 1',
  published: figure(publishedUtilisation(link)),
  prepare: (need) => {
    // Links aren't scaled, so neither is the memory that fills them.
    const points = need
      .along(part, { link }, 'stressMB', 1)
      .filter(({ at }) => Number(at) > 0)
      .map((point) => ({ ...point, bytes: stressedBytes(point.runs[0]!) }));
    const away = ({ bytes }: { bytes: number }): number => Math.abs(bytes - stressMB * mebibyte);
    const nearest = points.length === 0 ? undefined : leastBy(points, away);
    if (nearest === undefined) need.lacks(`${part} link=${link}: no stressMB above 0`);
    return () => ({
      statistic: (draw) => medianOf(draw(nearest!.runs), utilisation),
      detail: `${linkText[link]}, ${formatBytes(nearest!.bytes)} actually stressed`,
      explanation: `the busiest sample reaches ${percent(medianOf(nearest!.runs, peak))} of the calibrated bandwidth`,
    });
  },
});

export const trend17: Trend = {
  trend: 17,
  checks: [
    utilisationOn('17a', 'hybrid', '1G', {
      statement: 'Hybrid fills a 1 Gb/s link throughout: mean utilisation while pages flow',
      control: {
        setup: 'a link that is half idle',
        spoil: where('hybrid', { link: '1G' }, ({ totalTimeMs }) => ({ totalTimeMs: totalTimeMs * 2 })),
      },
    }),
    utilisationOn('17b', 'hybrid-sender-cap', '10G', {
      statement:
        'Hybrid fills a 10 Gb/s link only in part: mean utilisation while pages flow, sender capped like theirs',
      control: {
        setup: 'a cap that caps nothing',
        spoil: asIn('hybrid-sender-cap', { link: '10G' }, 'hybrid'),
      },
    }),
  ],
};
