import type { TrafficCounters } from '#proto/control';
import type { LinkCounters } from '#proto/link';
import { defaultMtuBytes, segmentHeaderBytes, segmentPayloadBytesOf } from '#proto/frames';
import { pingWireBytes } from '#proto/pings';
import type { Wire } from '../result.ts';

/** What `payloadBytes` of a TCP stream take on the wire at least: in full segments, none of them sent twice. */
export const leastWireBytes = (payloadBytes: number, mtuBytes = defaultMtuBytes): number =>
  payloadBytes + Math.ceil(payloadBytes / segmentPayloadBytesOf(mtuBytes)) * segmentHeaderBytes;

interface Between<T> {
  before: T;
  after: T;
}

/**
 * The router's counters over the migration, traffic beside it taken off the bytes.
 * @param pings the observer's that crossed to the destination
 */
export const wireBetween = (
  { before, after }: Between<LinkCounters>,
  pings: number,
  traffic?: Between<TrafficCounters>,
): Wire => {
  const { sourceToDestination: out0, destinationToSource: back0 } = before;
  const { sourceToDestination: out, destinationToSource: back } = after;
  const common = {
    sourceToDestinationPackets: out.packets - out0.packets,
    destinationToSourcePackets: back.packets - back0.packets,
    droppedPackets: out.dropped - out0.dropped + back.dropped - back0.dropped,
    observerToDestinationBytes: pings * pingWireBytes,
  };
  if (traffic === undefined)
    return {
      sourceToDestinationBytes: out.bytes - out0.bytes,
      destinationToSourceBytes: back.bytes - back0.bytes,
      ...common,
    };
  // The link's bytes as well: while much passes, a millisecond between the two questions would be a difference.
  const grown = (of: keyof TrafficCounters): number => traffic.after[of] - traffic.before[of];
  const trafficToDestinationBytes = grown('trafficToDestinationBytes');
  const trafficToSourceBytes = grown('trafficToSourceBytes');
  return {
    sourceToDestinationBytes: Math.max(0, grown('toDestinationBytes') - trafficToDestinationBytes),
    destinationToSourceBytes: Math.max(0, grown('toSourceBytes') - trafficToSourceBytes),
    ...common,
    trafficToDestinationBytes,
    trafficToSourceBytes,
  };
};
