/**
 * What a device's bottleneck has let through, by RTNETLINK: asking the kernel takes some 50 µs, starting `tc` takes as
 * many milliseconds of CPU time, too much twenty times a second.
 */
import { LivemigError } from '#proto/errors';
import { closeDescriptor, interfaceIndexOf, openNetlink, receiveBytes, sendBytes } from './libc.ts';
import {
  encodeMessage,
  errnoOf,
  findAttribute,
  netlinkDoneType,
  netlinkFlags,
  netlinkHeaderBytes,
} from './netlink.ts';

const netlinkRoute = 0;
const newQdiscType = 36;
const getQdiscType = 38;
/** struct tcmsg of linux/rtnetlink.h: family, interface at 4, handle at 8, parent, info. */
const tcmsgBytes = 20;
const attributeKind = 1;
const attributeStatistics = 7;
/** Within the statistics: bytes (u64), packets (u32). */
const attributeBasic = 1;

/** RTM_GETQDISC for all qdiscs of the namespace; a dump can't be narrowed to a device. Pure. */
export const listQdiscsMessage = (): Buffer => {
  const { request, dump } = netlinkFlags;
  return encodeMessage({ type: getQdiscType, flags: request | dump, body: Buffer.alloc(tcmsgBytes) });
};

interface Bottleneck {
  handle: number;
  bytes: number;
}

/**
 * Reads the messages of one datagram of the dump. Pure.
 * @param into by interface, the counter of the TBF with the highest handle: the bottleneck's, as a splitting stage
 *   comes before it.
 * @returns whether the dump is over
 * @throws LivemigError LINK_NOT_APPLIED when the kernel refuses, or its answer can't be read.
 */
export const readQdiscs = (datagram: Buffer, into: Map<number, Bottleneck>): boolean => {
  for (let at = 0; at + netlinkHeaderBytes <= datagram.length;) {
    const length = datagram.readUInt32LE(at);
    const type = datagram.readUInt16LE(at + 4);
    if (length < netlinkHeaderBytes || at + length > datagram.length)
      throw new LivemigError(
        'LINK_NOT_APPLIED',
        `the kernel told its qdiscs in a message of ${length} bytes`,
      );
    if (type === netlinkDoneType) return true;
    const errno = errnoOf(datagram, at);
    if (errno !== null)
      throw new LivemigError('LINK_NOT_APPLIED', `the kernel doesn't list its qdiscs: errno ${errno}`);
    if (type === newQdiscType) readQdisc(datagram.subarray(at, at + length), into);
    at += length;
  }
  return false;
};

const readQdisc = (message: Buffer, into: Map<number, Bottleneck>): void => {
  const attributes = netlinkHeaderBytes + tcmsgBytes;
  const kind = findAttribute(message, attributes, message.length, attributeKind);
  if (kind < 0 || message.toString('latin1', kind, kind + 4) !== 'tbf\0') return;
  const statistics = findAttribute(message, attributes, message.length, attributeStatistics);
  if (statistics < 0) return;
  const end = statistics - 4 + message.readUInt16LE(statistics - 4);
  const basic = findAttribute(message, statistics, end, attributeBasic);
  if (basic < 0) return;
  const interfaceIndex = message.readInt32LE(netlinkHeaderBytes + 4);
  const handle = message.readUInt32LE(netlinkHeaderBytes + 8);
  if (handle < (into.get(interfaceIndex)?.handle ?? 0)) return;
  into.set(interfaceIndex, { handle, bytes: Number(message.readBigUInt64LE(basic)) });
};

/** An open RTNETLINK socket that reads the bottlenecks' counters of some devices. */
export class QdiscCounters {
  readonly #fd = openNetlink(netlinkRoute);
  readonly #answer = Buffer.alloc(64 << 10);
  readonly #request = listQdiscsMessage();
  readonly #devices: readonly { name: string; index: number }[];

  /** @throws LivemigError LINK_NOT_APPLIED when a device is missing. */
  constructor(devices: readonly string[]) {
    this.#devices = devices.map((name) => ({ name, index: interfaceIndexOf(name) }));
  }

  /**
   * Bytes by device, in the order of the constructor's.
   * @throws LivemigError LINK_NOT_APPLIED when one has lost its bottleneck.
   */
  read(): number[] {
    const found = new Map<number, Bottleneck>();
    sendBytes(this.#fd, this.#request);
    while (!readQdiscs(this.#answer.subarray(0, receiveBytes(this.#fd, this.#answer)), found));
    return this.#devices.map(({ name, index }) => {
      const bottleneck = found.get(index);
      if (bottleneck === undefined)
        throw new LivemigError(
          'LINK_NOT_APPLIED',
          `${name} has lost its qdisc: the link isn't shaped any more`,
        );
      return bottleneck.bytes;
    });
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
