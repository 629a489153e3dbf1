import type { LinkDirection, LinkProfile } from '#proto/link';
import { bandwidthDelayProductBytes } from '#proto/units';

/** The link of a run as it was at a time: the same throughout, unless its timeline changes it. Pure. */
export interface LinkInForce {
  /** On the clock of whoever asks; where two overlap, it may have been either. */
  fromMs: number;
  untilMs: number;
  profile: LinkProfile;
  /** As calibrated; of a link that was changed, as it follows from that. */
  rttMs: number;
  /** TransferConfig's, while demand faults share the link. */
  postcopyWindowBytes: number;
}

/** Those of a list that were in force at some time in between. */
export const linksDuring = (
  links: readonly LinkInForce[],
  fromMs: number,
  untilMs: number,
): readonly LinkInForce[] => links.filter((link) => link.fromMs <= untilMs && link.untilMs >= fromMs);

const bytesIn = ({ rateMbps }: LinkDirection, ms: number): number => bandwidthDelayProductBytes(rateMbps, ms);

/** What stands before the bottleneck at most. */
const queuedBytes = ({ profile, rttMs, postcopyWindowBytes }: LinkInForce): number => {
  const out = profile.sourceToDestination;
  return Math.min(
    bytesIn(out, out.bufferMs),
    Math.max(0, postcopyWindowBytes - bandwidthDelayProductBytes(out.rateMbps, rttMs)),
  );
};

/** How long a packet waits at the bottleneck at most: what was queued over one of them may have to drain over another. */
export const standingQueueMs = (links: readonly LinkInForce[]): number => {
  const slowestMbps = Math.min(...links.map(({ profile }) => profile.sourceToDestination.rateMbps));
  return (Math.max(...links.map(queuedBytes)) * 8) / (slowestMbps * 1000);
};

/** How long what they buffer at most takes to drain over any of them. */
export const drainMsOf = (links: readonly LinkInForce[]): number => {
  const ways = links.flatMap(({ profile }) => [profile.sourceToDestination, profile.destinationToSource]);
  const slowestMbps = Math.min(...ways.map(({ rateMbps }) => rateMbps));
  return (Math.max(...ways.map((way) => bytesIn(way, way.bufferMs))) * 8) / (slowestMbps * 1000);
};
