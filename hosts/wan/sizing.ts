/** How large the stages of an emulated link must be. Pure; the numbers are explained where they stand. */
import { jitterReachMs } from '#catalogue/jitter-distributions';
import type { LinkDirection } from '#proto/link';

/** What tc counts for a full segment: 1500 bytes of IP and the Ethernet header. */
export const wireMtuBytes = 1514;
/** A GSO super-packet travels as one packet until it reaches a device without offload. */
const superPacketBytes = 65_536;

export const bytesPerMs = (rateMbps: number): number => rateMbps * 125;

/**
 * TBF's bucket: 4 ms of the rate, one timer tick at HZ=250. Measured at 10 Gb/s: 128 kB reaches 7.1 Gb/s, 1 MB 8.0,
 * 5 MB 9.3. At least ten packets, so that slow links don't starve.
 * @param isLive the link is in use: what is queued may be super-packets, headers of their segments counted. TBF never
 *   sends one that exceeds its bucket, nor what waits behind it.
 */
export const burstBytes = (rateMbps: number, isLive = false): number =>
  Math.max(Math.ceil(4 * bytesPerMs(rateMbps)), isLive ? 2 * superPacketBytes : 10 * wireMtuBytes);

/**
 * The bottleneck's buffer. Where super-packets pass whole (bucket ≥ 64 KiB: TBF splits only what exceeds it) it must
 * hold two of them, or it would drop each.
 */
export const bufferBytes = (direction: LinkDirection, isLive = false): number => {
  const least =
    burstBytes(direction.rateMbps, isLive) >= superPacketBytes ? 2 * superPacketBytes : 2 * wireMtuBytes;
  return Math.max(Math.ceil(direction.bufferMs * bytesPerMs(direction.rateMbps)), least);
};

/**
 * netem's `limit` in packets: one and a half times what the delay and the buffer hold in full packets, so that the
 * delay stage is never the bottleneck. The default, 1000, would cap 26 ms near 460 Mb/s. At least 1000 for small
 * packets.
 */
export const delayLimitPackets = (direction: LinkDirection): number => {
  const delayMs = direction.delayMs + jitterReachMs(direction);
  const inFlightBytes = bytesPerMs(direction.rateMbps) * delayMs + bufferBytes(direction);
  return Math.max(1000, Math.ceil((1.5 * inFlightBytes) / wireMtuBytes));
};

/** A direction's delay minus the backend's own overhead; never negative. */
export const correctedDelayMs = (direction: LinkDirection, correctionMs: number): number =>
  Math.max(0, direction.delayMs - correctionMs);
