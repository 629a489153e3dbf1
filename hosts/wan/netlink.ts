/** Netlink messages as bytes (linux/netlink.h): a 16-byte header, a fixed body, then aligned attributes. Pure. */

export const netlinkHeaderBytes = 16;
export const netlinkFlags = { request: 1, ack: 4, dump: 0x300, replace: 0x100, create: 0x400 } as const;
/** NLMSG_ERROR: the answer to a request with `ack`; its error number is 0 on success. */
const netlinkErrorType = 2;
/** NLMSG_DONE: the end of a dump. */
export const netlinkDoneType = 3;

const align = (length: number): number => (length + 3) & ~3;

/** One attribute: length and type in host order, then the value, padded to 4 bytes. */
export const encodeAttribute = (type: number, value: Buffer): Buffer => {
  const attribute = Buffer.alloc(align(4 + value.length));
  attribute.writeUInt16LE(4 + value.length, 0);
  attribute.writeUInt16LE(type, 2);
  value.copy(attribute, 4);
  return attribute;
};

export const uint32BE = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A whole message. `body` is the family's fixed part (nfgenmsg, rtmsg). */
export const encodeMessage = (
  message: { type: number; flags: number; sequence?: number; body: Buffer },
  ...attributes: Buffer[]
): Buffer => {
  const payload = Buffer.concat([message.body, ...attributes]);
  const header = Buffer.alloc(netlinkHeaderBytes);
  header.writeUInt32LE(netlinkHeaderBytes + payload.length, 0);
  header.writeUInt16LE(message.type, 4);
  header.writeUInt16LE(message.flags, 6);
  header.writeUInt32LE(message.sequence ?? 0, 8);
  return Buffer.concat([header, payload]);
};

/** The error number that an NLMSG_ERROR message carries (positive; 0 = acknowledged), null for other messages. */
export const errnoOf = (datagram: Buffer, offset = 0): number | null =>
  datagram.readUInt16LE(offset + 4) === netlinkErrorType
    ? 0 - datagram.readInt32LE(offset + netlinkHeaderBytes)
    : null;

/** Where the value of the first attribute of `type` begins; -1 if there is none. */
export const findAttribute = (datagram: Buffer, from: number, to: number, type: number): number => {
  for (let at = from; at + 4 <= to;) {
    const length = datagram.readUInt16LE(at);
    if (length < 4) return -1;
    if ((datagram.readUInt16LE(at + 2) & 0x3fff) === type) return at + 4;
    at += align(length);
  }
  return -1;
};
