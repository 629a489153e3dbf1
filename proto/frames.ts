/** Frames as tc counts them: the router's qdiscs see an Ethernet frame without its checksum. */
export const ethernetHeaderBytes = 14;
const ipv4HeaderBytes = 20;
const udpHeaderBytes = 8;
/** 20 bytes and the timestamp option with its padding, which every Linux connection negotiates. */
const tcpHeaderBytes = 32;
/** Ethernet's, and so that of a link of which nothing else is said. */
export const defaultMtuBytes = 1500;

export const datagramHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + udpHeaderBytes;
/** What a datagram that isn't fragmented carries at most. */
export const datagramMaxBytesOf = (mtuBytes: number): number => mtuBytes - ipv4HeaderBytes - udpHeaderBytes;
export const datagramMaxBytes = datagramMaxBytesOf(defaultMtuBytes);
export const segmentHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + tcpHeaderBytes;
/** What a full TCP segment carries … */
export const segmentPayloadBytesOf = (mtuBytes: number): number =>
  mtuBytes - ipv4HeaderBytes - tcpHeaderBytes;
/** … with Ethernet's MTU: 1448 bytes. */
export const segmentPayloadBytes = segmentPayloadBytesOf(defaultMtuBytes);
/** How much of full TCP segments is payload: of 1, on the wire. */
export const tcpPayloadShareOf = (mtuBytes: number): number =>
  segmentPayloadBytesOf(mtuBytes) / (mtuBytes + ethernetHeaderBytes);
