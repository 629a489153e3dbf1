/** The messages of linux/netfilter/nfnetlink_queue.h that the delay worker speaks. Pure. */
import {
  encodeAttribute,
  encodeMessage,
  findAttribute,
  netlinkFlags,
  netlinkHeaderBytes,
  uint32BE,
} from './netlink.ts';

export const netlinkNetfilter = 12;
const subsystemQueue = 3 << 8;
export const packetType = subsystemQueue | 0;
const verdictType = subsystemQueue | 1;
const configType = subsystemQueue | 2;
const batchVerdictType = subsystemQueue | 3;

const genericHeaderBytes = 4;
const attributesAt = netlinkHeaderBytes + genericHeaderBytes;
const attributePayload = 10;
const verdictAccept = 1;
const verdictDrop = 0;

/** nfgenmsg: family, version, queue number in network order. */
const genericHeader = (queue: number): Buffer => Buffer.from([0, 0, queue >> 8, queue & 255]);

const config = (queue: number, ...attributes: Buffer[]): Buffer =>
  encodeMessage(
    { type: configType, flags: netlinkFlags.request | netlinkFlags.ack, body: genericHeader(queue) },
    ...attributes,
  );

const flagFailOpen = 1;
const flagGso = 4;

export interface QueueMode {
  maxLength: number;
  /** Take 64 KiB super-packets as one; without it the kernel segments before queueing. */
  wholeGso: boolean;
  /** What of each packet comes up beside its id; 0: it stays in the kernel. */
  copyBytes: number;
}

/** What binds a queue to this socket: each message is acknowledged by the kernel. */
export const bindQueueMessages = (queue: number, mode: QueueMode): Buffer[] => [
  config(queue, encodeAttribute(1, Buffer.from([1, 0, 0, 2]))),
  ...configureQueueMessages(queue, mode),
];

const copyModeMeta = 1;
const copyModePacket = 2;

export const configureQueueMessages = (
  queue: number,
  { maxLength, wholeGso, copyBytes }: QueueMode,
): Buffer[] => {
  const copyMode = Buffer.from([copyBytes > 0 ? copyModePacket : copyModeMeta]);
  const flags = flagFailOpen | (wholeGso ? flagGso : 0);
  return [
    config(queue, encodeAttribute(2, Buffer.concat([uint32BE(copyBytes), copyMode]))),
    config(queue, encodeAttribute(3, uint32BE(maxLength))),
    config(queue, encodeAttribute(4, uint32BE(flagFailOpen | flagGso)), encodeAttribute(5, uint32BE(flags))),
  ];
};

const verdictMessage = (type: number, queue: number, verdict: number): Buffer =>
  encodeMessage(
    { type, flags: netlinkFlags.request, body: genericHeader(queue) },
    encodeAttribute(2, Buffer.concat([uint32BE(verdict), uint32BE(0)])),
  );

/** A reusable verdict: `setVerdictId` fills in the packet. */
export const acceptBatchMessage = (queue: number): Buffer =>
  verdictMessage(batchVerdictType, queue, verdictAccept);
export const dropMessage = (queue: number): Buffer => verdictMessage(verdictType, queue, verdictDrop);
export const acceptMessage = (queue: number): Buffer => verdictMessage(verdictType, queue, verdictAccept);
export const setVerdictId = (message: Buffer, id: number): void => {
  message.writeUInt32BE(id, attributesAt + 4 + 4);
};

export const queueOf = (datagram: Buffer, offset: number): number =>
  datagram.readUInt16BE(offset + netlinkHeaderBytes + 2);

/** The id of a queued packet; -1 where the message has none. */
export const packetIdOf = (datagram: Buffer, offset: number, length: number): number => {
  const at = findAttribute(datagram, offset + attributesAt, offset + length, 1);
  return at < 0 ? -1 : datagram.readUInt32BE(at);
};

/** The packet, as far as it came up. */
export const payloadOf = (datagram: Buffer, offset: number, length: number): Buffer => {
  const at = findAttribute(datagram, offset + attributesAt, offset + length, attributePayload);
  return at < 0 ? Buffer.alloc(0) : datagram.subarray(at, at - 4 + datagram.readUInt16LE(at - 4));
};
