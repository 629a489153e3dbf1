import { describe, expect, test } from '@jest/globals';
import { datagramHeaderBytes, segmentHeaderBytes, segmentPayloadBytes } from '#proto/frames';
import type { TrafficFlow } from '#proto/control';
import type { Instruction } from '#hosts/sockets';
import { flowFilter, lengthBits } from '#hosts/wan/flow-filter';

const udp: TrafficFlow = {
  ...{ port: 7010, headerBytes: datagramHeaderBytes, payloadBytes: 1400 },
  protocol: 'udp',
};
const tcp: TrafficFlow = {
  ...{ port: 7011, headerBytes: segmentHeaderBytes, payloadBytes: segmentPayloadBytes },
  protocol: 'tcp',
};

interface Packet {
  protocol?: number;
  sourcePort?: number;
  destinationPort?: number;
  /** With Ethernet header. */
  length: number;
  /** Of the kernel: 4 = outgoing. */
  type?: number;
  etherType?: number;
  headerWords?: number;
}

const bytesOf = (packet: Packet): Buffer => {
  const {
    protocol = 17,
    sourcePort = 1,
    destinationPort = 7010,
    etherType = 0x0800,
    headerWords = 5,
  } = packet;
  const bytes = Buffer.alloc(128);
  bytes.writeUInt16BE(etherType, 12);
  bytes.writeUInt8(0x40 | headerWords, 14);
  bytes.writeUInt8(protocol, 23);
  bytes.writeUInt16BE(sourcePort, 14 + 4 * headerWords);
  bytes.writeUInt16BE(destinationPort, 16 + 4 * headerWords);
  return bytes;
};

/** Classic BPF, as linux/filter.h defines it, for the instructions that are used. */
const run = (program: readonly Instruction[], packet: Packet): number => {
  const bytes = bytesOf(packet);
  const scratch: number[] = [];
  let [a, x, at] = [0, 0, 0];
  for (let steps = 0; steps < 1_000; steps += 1) {
    const [code, jumpTrue, jumpFalse, k] = program[at]!;
    at += 1;
    switch (code) {
      case 0x80: a = packet.length; break;
      case 0x20: a = k === 0xfffff004 ? (packet.type ?? 4) : bytes.readUInt32BE(k); break;
      case 0x28: a = bytes.readUInt16BE(k); break;
      case 0x30: a = bytes.readUInt8(k); break;
      case 0xb1: x = 4 * (bytes.readUInt8(k) & 15); break;
      case 0x48: a = bytes.readUInt16BE(x + k); break;
      case 0x60: a = scratch[k]!; break;
      case 0x02: scratch[k] = a; break;
      case 0x05: at += k; break;
      case 0x15: at += a === k ? jumpTrue : jumpFalse; break;
      case 0x25: at += a > k ? jumpTrue : jumpFalse; break;
      case 0x45: at += (a & k) !== 0 ? jumpTrue : jumpFalse; break;
      case 0x0c: a += x; break;
      case 0x14: a -= k; break;
      case 0x24: a *= k; break;
      case 0x34: a = Math.floor(a / k); break;
      case 0x07: x = a; break;
      case 0x06: return k;
      default: throw new Error(`no instruction ${code}`);
    }
  } // prettier-ignore
  throw new Error('it never answers');
};

const counted = (flows: Parameters<typeof flowFilter>[0], packet: Packet): number =>
  Array.from({ length: lengthBits }, (_, bit) => run(flowFilter(flows, bit), packet) * 2 ** bit).reduce(
    (sum, bytes) => sum + bytes,
    0,
  );

describe('the filter that counts a flow by the bits of its lengths', () => {
  test('a datagram, and several that the kernel holds as one', () => {
    expect(counted([udp], { length: 42 + 1400 })).toBe(1442);
    expect(counted([udp], { length: 42 + 16 * 1400 })).toBe(16 * 1442);
    // The last may be short.
    expect(counted([udp], { length: 42 + 1400 + 1 })).toBe(1442 + 43);
    expect(counted([udp], { length: 42 })).toBe(42);
  });

  test('segments of TCP, and an acknowledgement', () => {
    const protocol = 6;
    const destinationPort = 7011;
    expect(counted([udp, tcp], { protocol, destinationPort, length: 66 })).toBe(66);
    expect(counted([udp, tcp], { protocol, destinationPort, length: 66 + 45 * 1448 })).toBe(45 * 1514);
  });

  test('by the port at either end, in every flow of the list', () => {
    const four = [udp, tcp, { ...udp, port: 7012 }, { ...tcp, port: 7013 }];
    expect(counted(four, { length: 100, sourcePort: 7010, destinationPort: 9 })).toBe(100);
    expect(counted(four, { length: 100, sourcePort: 9, destinationPort: 7012 })).toBe(100);
    expect(counted(four, { length: 66, protocol: 6, sourcePort: 7013, destinationPort: 9 })).toBe(66);
    expect(counted(four, { length: 100, headerWords: 6 })).toBe(100);
  });

  test.each<[string, Packet]>([
    ['another port', { length: 100, destinationPort: 7002 }],
    ['another protocol at that port', { length: 100, protocol: 6 }],
    ['a packet that comes in', { length: 100, type: 0 }],
    ['no IPv4', { length: 100, etherType: 0x86dd }],
  ])('leaves out %s', (_what, packet) => {
    expect(counted([udp, tcp], packet)).toBe(0);
  });
});
