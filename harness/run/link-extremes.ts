import { jitterReachMs } from '#catalogue/jitter-distributions';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { hitsPackets, lossShareOf } from '#proto/link';
import type { LinkChange, LinkWay } from '../link-change.ts';
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
  /** The one that holds the most in flight: the hosts' TCP buffers do, too. */
  roomiest: LinkProfile;
  /** It may lose, double or reorder packets in a direction in which it begins without. */
  mayLose: boolean;
}

/** Of an empty timeline: the profile itself. */
export const extremesOf = (
  profile: LinkProfile,
  timeline: readonly TimelineEntry[],
  traces: Traces,
): LinkExtremes => {
  const changes = changesOf(timeline, traces);
  if (changes.length === 0) return { worst: profile, roomiest: profile, mayLose: false };
  const direction = (way: LinkWay) => {
    const of = profile[way];
    /** What it may become by any of the changes, as far as loss and jitter go, which are of several figures. */
    const candidates: readonly LinkDirection[] = [
      of,
      ...changes.map((change) => ({ ...of, ...change[way] })),
    ];
    const most = (figureOf: (one: LinkDirection) => number): LinkDirection =>
      candidates.reduce((worse, one) => (figureOf(one) > figureOf(worse) ? one : worse));
    const { lossPercent, gemodel } = most(lossShareOf);
    const { jitterMs, jitterDistribution } = most(jitterReachMs);
    const furthest = (
      key: 'rateMbps' | 'delayMs' | 'bufferMs',
      pick: (one: number, other: number) => number,
    ): number => changes.reduce((furthestYet, change) => pick(furthestYet, change[way]?.[key] ?? furthestYet), of[key]); // prettier-ignore
    const longest = { ...of, delayMs: furthest('delayMs', Math.max) };
    const worst: LinkDirection = {
      ...longest,
      rateMbps: furthest('rateMbps', Math.min),
      bufferMs: furthest('bufferMs', Math.max),
      jitterMs,
      lossPercent,
      ...(jitterDistribution === undefined ? {} : { jitterDistribution }),
      ...(gemodel === undefined ? {} : { gemodel }),
    };
    const roomiest: LinkDirection = { ...longest, rateMbps: furthest('rateMbps', Math.max) };
    return { worst, roomiest, mayLose: !hitsPackets(of) && candidates.some(hitsPackets) };
  };
  const [out, back] = [direction('sourceToDestination'), direction('destinationToSource')];
  const both = (which: 'worst' | 'roomiest'): LinkProfile => ({
    ...profile,
    sourceToDestination: out[which],
    destinationToSource: back[which],
  });
  return { worst: both('worst'), roomiest: both('roomiest'), mayLose: out.mayLose || back.mayLose };
};

/** How long a timeline keeps anything from passing at most, in ms. */
export const pausesMsOf = (timeline: readonly TimelineEntry[]): number =>
  timeline.reduce(
    (sum, entry) => sum + (entry.do === 'cut' || entry.do === 'kill' ? (entry.forMs ?? 0) : 0),
    0,
  );
