import { ethernetHeaderBytes } from '#proto/frames';
import type { TrafficFlow } from '#proto/control';
import type { Instruction } from '../sockets.ts';

/** A packet of the kernel's holds 64 KiB; with the headers of its frames, up to 2^20 bytes on the wire. */
export const lengthBits = 20;

const code = {
  loadLength: 0x80,
  loadWord: 0x20,
  loadHalf: 0x28,
  loadByte: 0x30,
  /** X = length of the IPv4 header that begins there. */
  loadHeaderLength: 0xb1,
  loadHalfIndirect: 0x48,
  loadScratch: 0x60,
  storeScratch: 0x02,
  jump: 0x05,
  jumpEqual: 0x15,
  jumpGreater: 0x25,
  jumpSet: 0x45,
  add: 0x0c,
  subtract: 0x14,
  multiply: 0x24,
  divide: 0x34,
  toIndex: 0x07,
  answer: 0x06,
} as const;
const packetTypeAt = 0xfffff004;
const outgoing = 4;
const ipv4 = 0x0800;
const protocolNumbers = { tcp: 6, udp: 17 } as const;

/** A, the packet's length, becomes what all its frames take: of a large one, the kernel's packet has one set of headers. */
const wireLength = ({ headerBytes, payloadBytes }: TrafficFlow): Instruction[] => [
  [code.loadLength, 0, 0, 0],
  [code.jumpGreater, 0, 6, headerBytes],
  [code.subtract, 0, 0, headerBytes + 1],
  [code.divide, 0, 0, payloadBytes],
  [code.multiply, 0, 0, headerBytes],
  [code.toIndex, 0, 0, 0],
  [code.loadLength, 0, 0, 0],
  [code.add, 0, 0, 0],
];

/** Leaves for the end with A = the packet's length on the wire, or goes on where it is of another flow. */
const lengthOfFlow = (flow: TrafficFlow, toEnd: (at: number) => number, at: number): Instruction[] => {
  const length = wireLength(flow);
  const afterMatch = length.length + 1;
  return [
    [code.loadScratch, 0, 0, 0],
    [code.jumpEqual, 0, 4 + afterMatch, protocolNumbers[flow.protocol]],
    [code.loadHalfIndirect, 0, 0, ethernetHeaderBytes],
    [code.jumpEqual, 2, 0, flow.port],
    [code.loadHalfIndirect, 0, 0, ethernetHeaderBytes + 2],
    [code.jumpEqual, 0, afterMatch, flow.port],
    ...length,
    [code.jump, 0, 0, toEnd(at + 6 + length.length)],
  ];
};

/**
 * Takes packets of the flows that leave the device and have this bit set in their length on the wire: the counts of all
 * bits add up to bytes, without a packet being looked at outside the kernel. Pure.
 */
export const flowFilter = (flows: readonly TrafficFlow[], bit: number): Instruction[] => {
  const head: Instruction[] = [
    [code.loadWord, 0, 0, packetTypeAt],
    [code.jumpEqual, 1, 0, outgoing],
    [code.answer, 0, 0, 0],
    [code.loadHalf, 0, 0, 12],
    [code.jumpEqual, 1, 0, ipv4],
    [code.answer, 0, 0, 0],
    [code.loadHeaderLength, 0, 0, ethernetHeaderBytes],
    [code.loadByte, 0, 0, ethernetHeaderBytes + 9],
    [code.storeScratch, 0, 0, 0],
  ];
  const perFlow = lengthOfFlow(
    { protocol: 'udp', port: 0, headerBytes: 1, payloadBytes: 1 },
    () => 0,
    0,
  ).length;
  // What follows the flows: no match, then the test of the bit.
  const end = head.length + flows.length * perFlow + 1;
  return [
    ...head,
    ...flows.flatMap((flow, nth) => lengthOfFlow(flow, (at) => end - at - 1, head.length + nth * perFlow)),
    [code.answer, 0, 0, 0],
    [code.jumpSet, 0, 1, 2 ** bit],
    [code.answer, 0, 0, 1],
    [code.answer, 0, 0, 0],
  ];
};
