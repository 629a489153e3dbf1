import type { CheckOptions, Draw, Line, Needs, Runs } from 'livemig/study';
import { fitLine, mebibyte, medianOf } from 'livemig/study';
import type { Kind, Network } from './published.ts';
import { stressRows } from './published.ts';

/** Migrations against stressed memory, with and without traffic: common parts of the checks. */

type TimeMs = CheckOptions['timeMs'];

export interface StressPoint {
  /** As the document counts; up to 96 MB as stressed here too, above that scaled by κ_M. */
  stressMB: number;
  bytes: number;
  runs: Runs;
}

/** Up to here the stress isn't scaled: what converges depends on the link, which isn't either. */
const unscaledMaxMB = 96;

/** The parts along stressed memory. */
type StressPart = Kind | 'blm-small';

/** The points of a part over a network, least stress first; recorded as missing if they are fewer than `least`. */
export const stressPoints = (need: Needs, part: StressPart, network: Network, least: number): StressPoint[] =>
  need.along(part, { network }, 'stressMB', least).map(({ at, runs }) => {
    const stressMB = Number(at);
    const scale = stressMB > unscaledMaxMB ? need.setUp.guestScale : 1;
    return { stressMB, bytes: stressMB * mebibyte * scale, runs };
  });

export const timeAt = (draw: Draw, { runs }: { runs: Runs }, timeMs: TimeMs): number =>
  medianOf(draw(runs), timeMs);

/** Time in ms against stressed bytes. */
export const timeLine = (draw: Draw, points: readonly StressPoint[], timeMs: TimeMs): Line =>
  fitLine(points.map((point) => [point.bytes, timeAt(draw, point, timeMs)]));

/** The document's line, in ms and bytes. */
export const publishedLine = (kind: Kind, network: Network): Line =>
  fitLine(
    stressRows(kind, network)
      .filter(({ seconds }) => seconds !== null)
      .map(({ stressMB, seconds }) => [stressMB * mebibyte, seconds! * 1000]),
  );

/** The same stress over both networks. */
export interface Pair {
  stressMB: number;
  idle: StressPoint;
  busy: StressPoint;
}

export const pairsOf = (idle: readonly StressPoint[], busy: readonly StressPoint[]): Pair[] =>
  idle.flatMap((point) => {
    const partner = busy.find(({ stressMB }) => stressMB === point.stressMB);
    return partner === undefined ? [] : [{ stressMB: point.stressMB, idle: point, busy: partner }];
  });

export const slowdown = (draw: Draw, { idle, busy }: Pair, timeMs: TimeMs): number =>
  timeAt(draw, busy, timeMs) / timeAt(draw, idle, timeMs);
