import type { LinkDirection, LinkProfile } from '#proto/link';
import { maxPings } from '#proto/pings';
import { pingWireBytes } from '#proto/pings';
import { pingIntervalMaxMs } from '../scenario/cross-checks.ts';
import { longestRttMsOf } from '../testbed/round-trips.ts';

/** How the observer pings over a link. */
export interface ObserverPace {
  intervalMs: number;
  /** How long the last answer may take. */
  settleMs: number;
}

/** An instrument may take this share of what it measures: on a 1 Mb/s link, a ping a millisecond would take a third. */
const shareOfLink = 0.01;
const slackMs = 250;

const leastIntervalMs = ({ rateMbps }: LinkDirection): number =>
  (pingWireBytes * 8) / 1000 / (rateMbps * shareOfLink);

/**
 * The scenario's interval, or more: so that pings take 1 % of the link at most, and that the observer can keep all of a run
 * that lasts as long as it may. The result tells how far apart they really were (`observed.resolutionMs`).
 * @param mostMs how long the pings may have to go on.
 */
export const observerPaceOf = (
  { pingIntervalMs }: { pingIntervalMs: number },
  profile: LinkProfile,
  mostMs: number,
): ObserverPace => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const wantedMs = Math.max(pingIntervalMs, leastIntervalMs(out), leastIntervalMs(back), mostMs / maxPings);
  return {
    intervalMs: Math.min(pingIntervalMaxMs, Math.ceil(wantedMs)),
    settleMs: Math.ceil(longestRttMsOf(profile) + out.bufferMs + back.bufferMs + slackMs),
  };
};
