import type { LinkCounters } from '../../proto/link.ts';
import { pingRequestBytes } from '../../proto/pings.ts';
import type { Wire } from '../result.ts';

/** As tc counts: the router's qdiscs see the frame without its checksum. */
const ethernetHeaderBytes = 14;
const ipv4HeaderBytes = 20;
const udpHeaderBytes = 8;
/** 20 bytes and the timestamp option with its padding, which every Linux connection negotiates. */
const tcpHeaderBytes = 32;
const mtuBytes = 1500;

export const segmentHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + tcpHeaderBytes;
/** What a full TCP segment carries: 1448 bytes. */
export const segmentPayloadBytes = mtuBytes - ipv4HeaderBytes - tcpHeaderBytes;

/** What `payloadBytes` of a TCP stream take on the wire at least: in full segments, none of them sent twice. */
export const leastWireBytes = (payloadBytes: number): number =>
  payloadBytes + Math.ceil(payloadBytes / segmentPayloadBytes) * segmentHeaderBytes;

/** A ping of the observer's. */
export const pingWireBytes = ethernetHeaderBytes + ipv4HeaderBytes + udpHeaderBytes + pingRequestBytes;

/** The router's counters over the migration; `pings` are the observer's that crossed to the destination. */
export const wireBetween = (before: LinkCounters, after: LinkCounters, pings: number): Wire => {
  const { sourceToDestination: out0, destinationToSource: back0 } = before;
  const { sourceToDestination: out, destinationToSource: back } = after;
  return {
    sourceToDestinationBytes: out.bytes - out0.bytes,
    destinationToSourceBytes: back.bytes - back0.bytes,
    sourceToDestinationPackets: out.packets - out0.packets,
    destinationToSourcePackets: back.packets - back0.packets,
    droppedPackets: out.dropped - out0.dropped + back.dropped - back0.dropped,
    observerToDestinationBytes: pings * pingWireBytes,
  };
};
