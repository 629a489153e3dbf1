import { bandwidthDelayProductBytes, mebibyte, pageSizeBytes } from '../../proto/units.ts';
import type { LinkDirection, LinkProfile } from '../../proto/link.ts';
import type { CrossCheck, Measurement } from '../result.ts';
import { leastWireBytes } from './wire.ts';

/**
 * What thread scheduling may add on a machine with more busy threads than cores: the vCPU that notes the first
 * instruction, the network card's thread, the agent that announces the guest, the router that moves the route and the
 * observer each wait for a core, a few ms each time (two or three slices of the kernel's scheduler). Set before the
 * first measurement, for two cores that carry four agents and the guest.
 */
export const schedulingSlackMs = 25;

/** An observer that stood still longer than this, or an answer later than this, proves nothing. */
export const observerStallMaxMs = 100;

/** Of pages' least wire bytes: gRPC and HTTP/2 frames, page headers, short segments, retransmissions. */
export const wireOverheadFraction = 0.03;
/** Below this, handshakes and barriers are more than the bound; nothing is checked. */
export const wireCheckLeastBytes = 16 * mebibyte;
/** Page number and flags of a zero page, with room to spare. */
const zeroPageMessageBytes = 16;

export interface CrossCheckInput {
  measurement: Pick<
    Measurement,
    'downtimeMs' | 'downtime' | 'observed' | 'ram' | 'deviceStateBytes' | 'paddingBytes' | 'wire'
  >;
  profile: LinkProfile;
  /** As calibrated. */
  rttMs: number;
  /** TransferConfig's, while demand faults share the link. */
  postcopyWindowBytes: number;
}

/** How long a packet waits at the bottleneck at most, with `windowBytes` under way. */
const standingQueueMs = (
  { rateMbps, bufferMs }: LinkDirection,
  rttMs: number,
  windowBytes: number,
): number => {
  const queuedBytes = Math.max(0, windowBytes - bandwidthDelayProductBytes(rateMbps, rttMs));
  return Math.min(bufferMs, (queuedBytes * 8) / (rateMbps * 1000));
};

/**
 * The guest's own downtime against the silence that the observer heard, from the source's last answer to the
 * destination's first. Observer and source share a site, so the source's answers arrive at once. The silence is then
 *
 *   pause      the guest's network card falls silent when the pause is requested, its CPUs stop a little later
 *   downtime   last instruction to first instruction
 *   announce   the news goes from the destination to the router next to it, which moves the route: no WAN crossed
 *   round trip the first ping over the new route goes out and its answer comes back: an RTT and whatever queue stands,
 *              or what that very ping took, where the observer found it to take longer (a thread that was slow to
 *              wake on a busy machine answers late, but the guest was there)
 *
 * give or take jitter (four standard deviations each way), the interval between pings (as it really was:
 * `resolutionMs`) and the scheduler's slack. The lower bound leaves out pause and queue, which may be zero.
 */
export const checkDowntime = (input: CrossCheckInput): CrossCheck => {
  const { downtimeMs, downtime, observed } = input.measurement;
  const { sourceToDestination: out, destinationToSource: back } = input.profile;
  const unsharpMs = observed.resolutionMs + schedulingSlackMs;
  const jitterMs = 4 * (out.jitterMs + back.jitterMs);
  const queueMs = standingQueueMs(out, input.rttMs, input.postcopyWindowBytes);
  const expectedMs = input.rttMs + queueMs + jitterMs;
  const roundTripMs = Math.min(
    Math.max(expectedMs, observed.firstAnswerMs ?? 0),
    expectedMs + observerStallMaxMs,
  );
  const low = Math.max(0, downtimeMs + input.rttMs - jitterMs - unsharpMs);
  const high = downtimeMs + downtime.pauseMs + roundTripMs + unsharpMs;
  const measured = observed.handoverGapMs;
  const sees = observed.resolutionMs <= observerStallMaxMs;
  const agrees = sees && measured !== null && measured >= low && measured <= high;
  return {
    name: 'downtime',
    verdict: agrees ? 'agree' : 'disagree',
    measured,
    low,
    high,
    unit: 'ms',
    reason:
      `the observer's silence is the downtime of ${downtimeMs.toFixed(1)} ms, up to ${downtime.pauseMs.toFixed(1)} ms ` +
      `of pausing and a round trip of ${input.rttMs.toFixed(1)} to ${roundTripMs.toFixed(1)} ms, ` +
      `± ${unsharpMs.toFixed(1)} ms of ping interval and scheduling`,
  };
};

/** Pages that the source says it sent against what the router carried. */
export const checkWireBytes = (input: CrossCheckInput): CrossCheck => {
  const { ram, deviceStateBytes, paddingBytes, wire } = input.measurement;
  const payloadBytes = (ram.pageBytes ?? ram.normal * pageSizeBytes) + deviceStateBytes + paddingBytes;
  const encodedPages = Object.values(ram.encoded ?? {}).reduce((sum, pages) => sum + pages, 0);
  const measured = wire.sourceToDestinationBytes - wire.observerToDestinationBytes;
  const common = { name: 'wire-bytes', measured, unit: 'bytes' } as const;
  if (payloadBytes < wireCheckLeastBytes)
    return {
      ...common,
      verdict: 'not-checked',
      low: null,
      high: null,
      reason: `${payloadBytes} bytes of payload are too few against handshakes and barriers`,
    };
  const low = leastWireBytes(payloadBytes);
  const lossFactor = 1 / (1 - input.profile.sourceToDestination.lossPercent / 100);
  const high =
    (low * (1 + wireOverheadFraction) + leastWireBytes(ram.duplicate * zeroPageMessageBytes)) * lossFactor;
  return {
    ...common,
    verdict: measured >= low && measured <= high ? 'agree' : 'disagree',
    low,
    high,
    reason:
      `${ram.normal} full pages, ${encodedPages} encoded ones, device state and padding in full segments, at most ` +
      `${wireOverheadFraction * 100} % more, ` +
      `and ${zeroPageMessageBytes} bytes for each of ${ram.duplicate} zero pages`,
  };
};

export const crossCheck = (input: CrossCheckInput): CrossCheck[] => [
  checkDowntime(input),
  checkWireBytes(input),
];
