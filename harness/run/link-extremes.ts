import { jitterReachMs } from '#catalogue/jitter-distributions';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { hitsPackets, lossShareOf, roundTripLostAgainOf } from '#proto/link';
import type { LinkChange, LinkWay } from '../link-change.ts';
import { changedLink, without } from '../link-change.ts';
import type { LinkTrace } from '../timeline/trace-file.ts';
import { loadTrace } from '../timeline/trace-file.ts';
import type { TimelineEntry } from '../timeline/types.ts';

/** What a timeline may make of a link, known before anything runs. */

export type Traces = ReadonlyMap<string, LinkTrace>;

/** The files that a timeline names, each read once. @throws LivemigError BAD_INPUT */
export const tracesOf = (timeline: readonly TimelineEntry[]): Traces =>
  new Map(
    timeline.flatMap((entry) =>
      entry.do === 'link' && 'trace' in entry ? [[entry.trace, loadTrace(entry.trace)] as const] : [],
    ),
  );

/** Every change that a timeline may make. */
const changesOf = (timeline: readonly TimelineEntry[], traces: Traces): LinkChange[] =>
  timeline.flatMap((entry) => {
    if (entry.do !== 'link') return [];
    if ('change' in entry) return [entry.change];
    return traces.get(entry.trace)?.steps.map(({ change }) => change) ?? [];
  });

/** How far a link may go, whatever comes when: nothing that it becomes is beyond either. */
export interface LinkExtremes {
  /** The slowest, longest, most lossy one, with the largest buffers: the time-outs allow for it. */
  worst: LinkProfile;
  /** The most round trips that are lost after a lost one. */
  lossAgain: number;
  /** The one that holds the most in flight: the hosts' TCP buffers do, too. */
  roomiest: LinkProfile;
  /** Packets may be lost, doubled or reordered in a direction in which they begin without. */
  mayHitPackets: boolean;
}

/** Of an empty timeline: the profile itself. */
export const extremesOf = (
  profile: LinkProfile,
  timeline: readonly TimelineEntry[],
  traces: Traces,
): LinkExtremes => {
  const changes = changesOf(timeline, traces);
  const lossAgain = roundTripLostAgainOf(profile);
  if (changes.length === 0) return { worst: profile, lossAgain, roomiest: profile, mayHitPackets: false };
  /** Each change by itself. */
  const links = [profile, ...changes.map((change) => changedLink(profile, change))];
  const direction = (way: LinkWay) => {
    const of = profile[way];
    const ways = links.map((link) => link[way]);
    const most = (figureOf: (direction: LinkDirection) => number): number =>
      ways.reduce((furthest, each) => Math.max(furthest, figureOf(each)), -Infinity);
    const delayMs = most((each) => each.delayMs);
    // Whichever distribution there is, no jitter reaches further than this one does with the largest.
    const reachOf = (each: LinkDirection): number => jitterReachMs({ ...each, jitterMs: 1 });
    const furthest = ways.find((each) => reachOf(each) === most(reachOf));
    const worst: LinkDirection = {
      ...without(of, ['gemodel', 'jitterDistribution']),
      delayMs,
      rateMbps: -most((each) => -each.rateMbps),
      jitterMs: most((each) => each.jitterMs),
      ...(furthest?.jitterDistribution === undefined
        ? {}
        : { jitterDistribution: furthest.jitterDistribution }),
      lossPercent: 100 * most(lossShareOf),
      bufferMs: most((each) => each.bufferMs),
    };
    const roomiest: LinkDirection = { ...of, delayMs, rateMbps: most((each) => each.rateMbps) };
    return { worst, roomiest, mayHitPackets: !hitsPackets(of) && ways.some(hitsPackets) };
  };
  const [out, back] = [direction('sourceToDestination'), direction('destinationToSource')];
  const both = (which: 'worst' | 'roomiest'): LinkProfile => ({
    ...profile,
    sourceToDestination: out[which],
    destinationToSource: back[which],
  });
  return {
    worst: both('worst'),
    lossAgain: links.reduce((worst, link) => Math.max(worst, roundTripLostAgainOf(link)), 0),
    roomiest: both('roomiest'),
    mayHitPackets: out.mayHitPackets || back.mayHitPackets,
  };
};

/** How long a timeline keeps anything from passing at most, in ms. */
export const pausesMsOf = (timeline: readonly TimelineEntry[]): number =>
  timeline.reduce(
    (sum, entry) => sum + (entry.do === 'cut' || entry.do === 'kill' ? (entry.forMs ?? 0) : 0),
    0,
  );
