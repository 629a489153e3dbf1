/** What a calibrated link may differ from its profile. Pure. */
import type { LinkDirection, LinkProfile } from '../../proto/link.ts';
import { rttMsOf } from '../../proto/link.ts';

/** TCP payload in a full segment (1500 bytes of IP, timestamps on) and what tc counts for it. */
const payloadShare = 1448 / 1514;
export const goodputTolerance = 0.03;
/** Up to this rate any machine fills the link, so that the goodput must be the profile's. */
export const exactRateMbps = 2_000;
/**
 * Above, the CPUs may be the limit: half of the link must come through, and the ratio is recorded. Below half,
 * migrations would measure the machine.
 */
export const fastLinkFloor = 0.5;

/** 2 % of the RTT or 0.3 ms, whichever is larger: below that, scheduling noise. */
export const rttToleranceMs = (profile: LinkProfile): number => Math.max(0.02 * rttMsOf(profile), 0.3);

export const expectedGoodputMbps = ({ rateMbps }: LinkDirection): number => rateMbps * payloadShare;

/** Why a round-trip time isn't the profile's; empty when it is. */
export const rttReasons = (profile: LinkProfile, rttMs: number): string[] => {
  const wantedMs = rttMsOf(profile);
  const toleranceMs = rttToleranceMs(profile);
  return Math.abs(rttMs - wantedMs) <= toleranceMs
    ? []
    : [`RTT is ${rttMs.toFixed(2)} ms instead of ${wantedMs.toFixed(2)} ± ${toleranceMs.toFixed(2)} ms`];
};

/**
 * Why a goodput isn't the direction's; empty when it is. With loss or jitter TCP's own limit is below the rate, so
 * only exceeding it counts.
 */
export const goodputReasons = (what: string, direction: LinkDirection, goodputMbps: number): string[] => {
  const wantedMbps = expectedGoodputMbps(direction);
  const ratio = goodputMbps / wantedMbps;
  const isTcpBound = direction.lossPercent > 0 || direction.jitterMs > 0;
  const least = isTcpBound ? 0 : direction.rateMbps <= exactRateMbps ? 1 - goodputTolerance : fastLinkFloor;
  if (ratio >= least && ratio <= 1 + goodputTolerance) return [];
  const [from, to] = [least, 1 + goodputTolerance].map((share) => (share * wantedMbps).toFixed(0));
  return [`goodput ${what} is ${goodputMbps.toFixed(0)} Mb/s, expected ${String(from)} to ${String(to)}`];
};

/** Why the throughput of a link isn't its profile's, either way; empty when it is. */
export const throughputReasons = (
  profile: LinkProfile,
  measured: { goodputMbps: number; reverseGoodputMbps: number },
): string[] => [
  ...goodputReasons('source to destination', profile.sourceToDestination, measured.goodputMbps),
  ...goodputReasons('destination to source', profile.destinationToSource, measured.reverseGoodputMbps),
];

/**
 * The largest overhead that is believed to be the backend's own, per direction; more is a wrong link and stays
 * uncorrected. NFQUEUE costs 0.3 ms on the development machine.
 */
const maxCorrectionMs = 1;

/**
 * What to take off each direction's delay next, after a link with `correctionMs` measured `rttMs`. The same value
 * again means: leave it.
 */
export const nextCorrectionMs = (profile: LinkProfile, correctionMs: number, rttMs: number): number => {
  const excessMs = rttMs - rttMsOf(profile);
  const isCloseEnough = Math.abs(excessMs) <= rttToleranceMs(profile) / 3;
  const next = correctionMs + excessMs / 2;
  return isCloseEnough || next > maxCorrectionMs ? correctionMs : Math.max(0, next);
};
