/** The observer's samples, as sent beside the message of `stopPings`: column by column. */

/** Which host answered a ping, as the guest's NIC writes it into the reply. */
export const pingHost = { none: 0, source: 1, destination: 2 } as const;

/** A reply: the ping's sequence number (u32, little endian) and one byte of `pingHost`. */
export const pingRequestBytes = 4;
export const pingReplyBytes = 5;
/** A ping on the wire: with its Ethernet, IPv4 and UDP headers, as tc counts. */
export const pingWireBytes = 14 + 20 + 8 + pingRequestBytes;
/** Maximum samples of an observer: half an hour at 1 kHz, 30 MB. */
export const maxPings = 1_800_000;

/** Columns of equal length; the index is the ping's sequence number. Times are CLOCK_MONOTONIC in ms. */
export interface PingSamples {
  /** When the ping was sent; ascending. */
  sentAtMs: Float64Array;
  /** When its first answer arrived; NaN if none did. */
  receivedAtMs: Float64Array;
  /** A value of `pingHost`. */
  host: Uint8Array;
}

const bytesPerPing = 2 * Float64Array.BYTES_PER_ELEMENT + 1;

const bytesOf = (column: Float64Array | Uint8Array): Buffer =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);

/** Little endian, like every machine that Node 24 runs on. */
export const encodePingSamples = (samples: PingSamples): Buffer =>
  Buffer.concat([bytesOf(samples.sentAtMs), bytesOf(samples.receivedAtMs), bytesOf(samples.host)]);

/** @throws RangeError when the blob isn't a whole number of samples. */
export const decodePingSamples = (blob: Buffer): PingSamples => {
  const count = blob.length / bytesPerPing;
  if (!Number.isInteger(count))
    throw new RangeError(`${blob.length} bytes aren't samples of ${bytesPerPing} bytes`);
  // A copy: gRPC hands out buffers at any offset, and Float64Array wants a multiple of 8.
  const bytes = new Uint8Array(blob);
  const column = bytes.buffer;
  return {
    sentAtMs: new Float64Array(column, 0, count),
    receivedAtMs: new Float64Array(column, count * 8, count),
    host: new Uint8Array(column, count * 16, count),
  };
};
