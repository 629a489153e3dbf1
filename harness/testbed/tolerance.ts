/** What a calibrated link may differ from its profile. Pure. */
import type { LinkDirection, LinkProfile } from '#proto/link';
import { returningShareOf, rttMsOf } from '#proto/link';
import { bandwidthDelayProductBytes } from '#proto/units';
import { chanceMsOf, medianRttMsOf } from './normal.ts';

/** What tc counts for a full segment: 1500 bytes of IP and the Ethernet header. */
export const segmentBytes = 1514;
/** TCP payload in a full segment (timestamps on) and what tc counts for it. */
export const payloadShare = 1448 / segmentBytes;
const goodputTolerance = 0.03;
/** Up to this rate any machine fills the link, so that the goodput must be the profile's. */
export const exactRateMbps = 2_000;
/**
 * Above, the CPUs may be the limit: half of the link must come through, and the ratio is recorded. Below half,
 * migrations would measure the machine.
 */
export const fastLinkFloor = 0.5;

/** 2 % of the RTT or 0.3 ms, whichever is larger: below that, scheduling noise. */
const noiseMs = (profile: LinkProfile): number => Math.max(0.02 * rttMsOf(profile), 0.3);

/**
 * How far the median of so many round trips may lie from the profile's: scheduling noise, and what chance does to the
 * median of probes with jitter (3.3 standard errors: a sound link is refused once in a thousand times).
 * @param probes that came back; without jitter it doesn't matter how many.
 */
export const rttToleranceMs = (profile: LinkProfile, probes = Infinity): number =>
  noiseMs(profile) + chanceMsOf(profile, probes);

export const expectedGoodputMbps = ({ rateMbps }: LinkDirection): number => rateMbps * payloadShare;

/** Why a median round-trip time of so many probes isn't the profile's; empty when it is. */
export const rttReasons = (profile: LinkProfile, rttMs: number, probes = Infinity): string[] => {
  const wantedMs = medianRttMsOf(profile);
  const toleranceMs = rttToleranceMs(profile, probes);
  return Math.abs(rttMs - wantedMs) <= toleranceMs
    ? []
    : [`RTT is ${rttMs.toFixed(2)} ms instead of ${wantedMs.toFixed(2)} ± ${toleranceMs.toFixed(2)} ms`];
};

/** CUBIC goes down to 0.7 of its window after a loss: a buffer of less than the rest of it leaves the link idle. */
const leastBufferShare = 0.3 / 0.7;
/** And TCP wants some segments to wait, as it notes a loss by those behind it. */
const leastBufferBytes = 10 * segmentBytes;
/** An acknowledgement for two segments, on the wire. */
const acknowledgementBytes = 80;
const segmentsPerAcknowledgement = 2;

/**
 * Whether TCP can't be expected to fill a direction: loss and jitter slow it down, a shallow buffer leaves the link idle
 * after each loss, and acknowledgements need room on the way back. Only exceeding the rate is wrong then.
 */
export const isTcpBound = (profile: LinkProfile, direction: LinkDirection): boolean => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const other = direction === out ? back : out;
  const bufferBytes = bandwidthDelayProductBytes(direction.rateMbps, direction.bufferMs);
  const needsBytes = Math.max(
    leastBufferBytes,
    leastBufferShare * bandwidthDelayProductBytes(direction.rateMbps, rttMsOf(profile)),
  );
  const acknowledgedMbps =
    (other.rateMbps * segmentsPerAcknowledgement * segmentBytes) / acknowledgementBytes;
  return (
    [out, back].some(({ lossPercent, jitterMs }) => lossPercent > 0 || jitterMs > 0) ||
    bufferBytes < needsBytes ||
    acknowledgedMbps < direction.rateMbps
  );
};

/** Why a goodput isn't the direction's; empty when it is. Nothing at all is never right. */
export const goodputReasons = (
  what: string,
  profile: LinkProfile,
  direction: LinkDirection,
  goodputMbps: number,
): string[] => {
  const wantedMbps = expectedGoodputMbps(direction);
  const ratio = goodputMbps / wantedMbps;
  const least = isTcpBound(profile, direction)
    ? Number.MIN_VALUE
    : direction.rateMbps <= exactRateMbps
      ? 1 - goodputTolerance
      : fastLinkFloor;
  if (ratio >= least && ratio <= 1 + goodputTolerance) return [];
  const [from, to] = [least, 1 + goodputTolerance].map((share) => (share * wantedMbps).toPrecision(3));
  return [
    `goodput ${what} is ${goodputMbps.toPrecision(3)} Mb/s, expected ` +
      `${least === Number.MIN_VALUE ? 'more than nothing and at most' : `${from ?? ''} to`} ${to ?? ''}` +
      (direction.rateMbps > exactRateMbps && ratio < least
        ? `: this machine carries less than half of the link; choose one of at most ${Math.floor(goodputMbps).toFixed(0)} Mb/s`
        : ''),
  ];
};

/** Why the throughput of a link isn't its profile's, either way; empty when it is. */
export const throughputReasons = (
  profile: LinkProfile,
  measured: { goodputMbps: number; reverseGoodputMbps: number },
): string[] => [
  ...goodputReasons('source to destination', profile, profile.sourceToDestination, measured.goodputMbps),
  ...goodputReasons(
    'destination to source',
    profile,
    profile.destinationToSource,
    measured.reverseGoodputMbps,
  ),
];

/** Standard deviations of the count of lost probes: one sound link in 30,000 loses more, or fewer. */
const lossDeviations = 4;

/** Why so many lost probes of so many aren't what the profile loses; empty when they are. */
export const lossReasons = (
  profile: LinkProfile,
  { samples, lost }: { samples: number; lost: number },
): string[] => {
  const sent = samples + lost;
  const share = 1 - returningShareOf(profile);
  // What a busy machine loses of a link without loss has always been its own affair.
  if (share === 0) return [];
  const wanted = sent * share;
  const tolerance = 1 + lossDeviations * Math.sqrt(wanted * (1 - share));
  return Math.abs(lost - wanted) <= tolerance
    ? []
    : [`${lost} of ${sent} probes were lost, expected ${wanted.toFixed(1)} ± ${tolerance.toFixed(1)}`];
};

/** The profile without what comes by chance, for the backend's own overhead to be seen. Null where nothing does. */
export const calmProfileOf = (profile: LinkProfile): LinkProfile | null => {
  const { sourceToDestination: out, destinationToSource: back } = profile;
  const calm = (direction: LinkDirection): LinkDirection => ({ ...direction, jitterMs: 0, lossPercent: 0 });
  return out.jitterMs === 0 && back.jitterMs === 0
    ? null
    : { ...profile, sourceToDestination: calm(out), destinationToSource: calm(back) };
};

/**
 * The largest overhead that is believed to be the backend's own, per direction; more is a wrong link and stays
 * uncorrected. NFQUEUE costs 0.3 ms on the development machine.
 */
const maxCorrectionMs = 1;

/**
 * What to take off each direction's delay next, after a link without jitter and with `correctionMs` measured `rttMs`. The
 * same value again means: leave it.
 */
export const nextCorrectionMs = (profile: LinkProfile, correctionMs: number, rttMs: number): number => {
  const excessMs = rttMs - rttMsOf(profile);
  const isCloseEnough = Math.abs(excessMs) <= noiseMs(profile) / 3;
  const next = correctionMs + excessMs / 2;
  return isCloseEnough || next > maxCorrectionMs ? correctionMs : Math.max(0, next);
};
