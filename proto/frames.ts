/** Frames as tc counts them: the router's qdiscs see an Ethernet frame without its checksum. */
export const ethernetHeaderBytes = 14;
const ipv4HeaderBytes = 20;
const udpHeaderBytes = 8;
/** 20 bytes and the timestamp option with its padding, which every Linux connection negotiates. */
const tcpHeaderBytes = 32;
const mtuBytes = 1500;

export const datagramHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + udpHeaderBytes;
/** What a datagram that isn't fragmented carries at most. */
export const datagramMaxBytes = mtuBytes - ipv4HeaderBytes - udpHeaderBytes;
export const segmentHeaderBytes = ethernetHeaderBytes + ipv4HeaderBytes + tcpHeaderBytes;
/** What a full TCP segment carries: 1448 bytes. */
export const segmentPayloadBytes = mtuBytes - ipv4HeaderBytes - tcpHeaderBytes;
