/** What a calibrated link may differ from its profile. Pure. */
import { impairmentSettingsOf } from '#hosts/wan/delay-line';
import { impairmentsOf } from '#hosts/wan/impairments';
import type { RttProbeResult } from '#proto/control';
import { defaultMtuBytes, ethernetHeaderBytes, tcpPayloadShareOf } from '#proto/frames';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { mtuBytesOf, rttMsOf } from '#proto/link';
import { bandwidthDelayProductBytes } from '#proto/units';
import { bandMs, isSpread, medianRttMsOf, quantileMs } from './round-trips.ts';

/** What tc counts for a full segment at Ethernet's MTU: 1500 bytes of IP and the Ethernet header. */
export const segmentBytes = defaultMtuBytes + ethernetHeaderBytes;
/** TCP payload in a full segment (timestamps on) and what tc counts for it. */
export const payloadShare = tcpPayloadShareOf(defaultMtuBytes);
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
 * Where the median of so many round trips may lie: as the profile's, give or take scheduling noise and chance.
 * @param probes that came back; without jitter it doesn't matter how many.
 */
export const rttBandMs = (profile: LinkProfile, probes = Infinity): [least: number, most: number] => {
  const [least, most] = bandMs(profile, 0.5, probes);
  return [least - noiseMs(profile), most + noiseMs(profile)];
};

export const expectedGoodputMbps = ({
  rateMbps,
  mtuBytes = defaultMtuBytes,
}: Pick<LinkDirection, 'rateMbps' | 'mtuBytes'>): number => rateMbps * tcpPayloadShareOf(mtuBytes);

const outside = (what: string, ms: number, wantedMs: number, [least, most]: [number, number]): string[] =>
  ms >= least && ms <= most
    ? []
    : [
        `${what} is ${ms.toFixed(2)} ms instead of ${wantedMs.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
      ];

/** Why a median round-trip time of so many probes isn't the profile's; empty when it is. */
export const rttReasons = (profile: LinkProfile, rttMs: number, probes = Infinity): string[] =>
  outside('RTT', rttMs, medianRttMsOf(profile), rttBandMs(profile, probes));

/** One tenth of the round trips is below the first, and above the other. */
const lowTenth = 0.1;
const highTenth = 0.9;

/**
 * Why round trips don't vary as the profile's do; empty when they do, or when there it doesn't vary.
 * @param still what they were like while nothing was left to chance: beyond the median, that is the machine's own doing.
 */
export const spreadReasons = (
  profile: LinkProfile,
  { p10Ms, p90Ms, samples }: Pick<RttProbeResult, 'p10Ms' | 'p90Ms' | 'samples'>,
  still: Pick<RttProbeResult, 'medianMs' | 'p90Ms'>,
): string[] => {
  if (!isSpread(profile)) return [];
  const lateMs = still.p90Ms - still.medianMs;
  const [low, high] = [lowTenth, highTenth].map((share) => {
    const [least, most] = bandMs(profile, share, samples);
    return [least - noiseMs(profile), most + noiseMs(profile) + lateMs] as [number, number];
  }) as [[number, number], [number, number]];
  return [
    ...outside('the 10th percentile of the RTT', p10Ms, quantileMs(profile, lowTenth), low),
    ...outside('the 90th percentile of the RTT', p90Ms, quantileMs(profile, highTenth), high),
  ];
};

/** CUBIC goes down to 0.7 of its window after a loss: a buffer of less than the rest of it leaves the link idle. */
const leastBufferShare = 0.3 / 0.7;
/** And TCP wants some segments to wait, as it notes a loss by those behind it. */
const leastBufferBytes = 10 * segmentBytes;
/** An acknowledgement for two segments, on the wire. */
const acknowledgementBytes = 80;
const segmentsPerAcknowledgement = 2;

/**
 * Whether TCP can't be expected to fill a direction: loss, jitter, reordering and duplicates slow it down, a shallow buffer leaves the link idle
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
    (other.rateMbps * segmentsPerAcknowledgement * (mtuBytesOf(profile) + ethernetHeaderBytes)) /
    acknowledgementBytes;
  return (
    [out, back].some((way) => impairmentsOf(impairmentSettingsOf(way), () => 0) !== null) ||
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

/** Of full segments, some few packets aren't: handshakes, and what answers the other way. */
const leastFullShare = 0.9;

/** Why packets of a bulk transfer aren't those of the link's MTU, by their mean size; empty when they are. */
export const packetReasons = (profile: LinkProfile, packetBytes: number): string[] => {
  const fullBytes = mtuBytesOf(profile) + ethernetHeaderBytes;
  // Of a transfer that hardly gets anywhere, most packets may be small ones.
  const leastBytes = isTcpBound(profile, profile.sourceToDestination) ? 0 : leastFullShare * fullBytes;
  return packetBytes >= leastBytes && packetBytes <= fullBytes
    ? []
    : [
        `packets to the destination are ${packetBytes.toFixed(0)} bytes long on average, expected ` +
          `${leastBytes.toFixed(0)} to ${fullBytes} with an MTU of ${mtuBytesOf(profile)}`,
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

/** The profile without what comes by chance, for the backend's own overhead to be seen. Null where no delay varies. */
export const calmProfileOf = (profile: LinkProfile): LinkProfile | null => {
  const calm = ({ rateMbps, delayMs, bufferMs, mtuBytes }: LinkDirection): LinkDirection => ({
    ...{ rateMbps, delayMs, bufferMs },
    ...{ jitterMs: 0, lossPercent: 0 },
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
  });
  return isSpread(profile)
    ? {
        ...profile,
        sourceToDestination: calm(profile.sourceToDestination),
        destinationToSource: calm(profile.destinationToSource),
      }
    : null;
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
