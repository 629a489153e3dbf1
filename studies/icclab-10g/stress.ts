import type { Draw, Line, Needs, RunResult, Runs } from 'livemig/study';
import { bandwidthOf, fitLine, mebibyte, medianOf, totalTimeMs } from 'livemig/study';
import type { Link } from './published.ts';
import { published } from './published.ts';
import frozen from './tolerances.json' with { type: 'json' };

/** Hybrid migration against stressed memory: common parts of trends 1 to 5. */

/**
 * Memory actually under stress: the workload's region. If the part populates memory by other means, the cell's label at
 * this scale; the documents' MB are those of stress, 2^20 bytes.
 */
export const stressedBytes = ({ scenario, sweep }: RunResult): number => {
  const labelMB = Number(sweep?.cell['stressMB'] ?? NaN);
  if (labelMB === 0) return 0;
  const { name, regionBytes } = scenario.workload;
  return name !== 'idle' && regionBytes > 0 ? regionBytes : labelMB * mebibyte * (sweep?.guestScale ?? 1);
};

export interface StressPoint {
  /** As the documents count. */
  stressMB: number;
  /** As actually stressed. */
  bytes: number;
  runs: Runs;
}

export type StressPart = 'hybrid' | 'hybrid-sender-cap' | 'hybrid-no-redirty';

/** The points of a part over one link, least stress first; recorded as missing if there are too few for a line. */
export const stressPoints = (need: Needs, part: StressPart, link: Link): StressPoint[] =>
  need
    .along(part, { link }, 'stressMB', frozen.rules.leastPointsOfLine)
    .map(({ at, runs }) => ({ stressMB: Number(at), bytes: stressedBytes(runs[0]!), runs }));

/** Time in ms against stressed bytes: medians of the repeats, one point per cell. */
export const timeLine = (draw: Draw, points: readonly StressPoint[]): Line =>
  fitLine(points.map(({ bytes, runs }) => [bytes, medianOf(draw(runs), totalTimeMs)]));

/** Bandwidth of the link in Mb/s, as calibrated in the same runs. */
export const pointsBandwidthMbps = (draw: Draw, points: readonly StressPoint[]): number =>
  bandwidthOf(
    draw,
    points.map(({ runs }) => runs),
  );

const { hybridTotalTime } = published;

/** The documents' line of Tab. 1, in ms and bytes. */
export const publishedTimeLine = (link: Link): Line =>
  fitLine(
    hybridTotalTime.stressMB.map((stressMB, index) => [
      stressMB * mebibyte,
      hybridTotalTime[link][index]! * 1000,
    ]),
  );
