import type { Needs, Runs } from './needs.ts';
import type { IcclabLink } from './published.ts';
import { publishedFigures } from './published.ts';
import { bandwidthOf, stressedBytes, totalTimeMs } from './quantities.ts';
import type { Draw, Line } from './statistics.ts';
import { fitLine, medianOf } from './statistics.ts';
import { rules } from './tolerances.ts';

/** Hybrid migration against stressed memory: what trends 1 to 5 share. */

export interface StressPoint {
  /** As the documents count. */
  stressMB: number;
  /** As was really stressed. */
  bytes: number;
  runs: Runs;
}

export type StressPart = 'hybrid' | 'hybrid-sender-cap' | 'hybrid-no-redirty';

/** The points of a part over one link, least stress first; missing where they make no line. */
export const stressPoints = (need: Needs, part: StressPart, link: IcclabLink): StressPoint[] =>
  need
    .along(part, { link }, 'stressMB', rules.leastPointsOfLine)
    .map(({ at, runs }) => ({ stressMB: Number(at), bytes: stressedBytes(runs[0]!), runs }));

/** Time in ms against stressed bytes: medians of the repeats, one point a cell. */
export const timeLine = (draw: Draw, points: readonly StressPoint[]): Line =>
  fitLine(points.map(({ bytes, runs }) => [bytes, medianOf(draw(runs), totalTimeMs)]));

/** Bandwidth of the link in Mb/s, as calibrated in the very runs. */
export const pointsBandwidthMbps = (draw: Draw, points: readonly StressPoint[]): number =>
  bandwidthOf(
    draw,
    points.map(({ runs }) => runs),
  );

const { hybridTotalTime } = publishedFigures['icclab-10g'];

/** The documents' line of Tab. 1, in ms and bytes. */
export const publishedTimeLine = (link: IcclabLink): Line =>
  fitLine(
    hybridTotalTime.stressMB.map((stressMB, index) => [
      stressMB * 2 ** 20,
      hybridTotalTime[link][index]! * 1000,
    ]),
  );

export const linkText: Readonly<Record<IcclabLink, string>> = { '1G': '1 Gb/s', '10G': '10 Gb/s' };
