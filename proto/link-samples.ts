/** The router's counters over time, as sent beside the message of `stopLinkSamples`: column by column. */

/** Columns of equal length, in sampling order. */
export interface LinkSamples {
  /** CLOCK_MONOTONIC in ms; ascending. */
  atMs: Float64Array;
  /** Bytes through the bottleneck since it was set up, as `DirectionCounters` counts them. */
  sourceToDestinationBytes: Float64Array;
  destinationToSourceBytes: Float64Array;
}

const bytesPerSample = 3 * Float64Array.BYTES_PER_ELEMENT;

const bytesOf = (column: Float64Array): Buffer =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);

/** Little endian, like every machine that Node 24 runs on. */
export const encodeLinkSamples = (samples: LinkSamples): Buffer =>
  Buffer.concat([
    bytesOf(samples.atMs),
    bytesOf(samples.sourceToDestinationBytes),
    bytesOf(samples.destinationToSourceBytes),
  ]);

/** @throws RangeError when the blob isn't a whole number of samples. */
export const decodeLinkSamples = (blob: Buffer): LinkSamples => {
  const count = blob.length / bytesPerSample;
  if (!Number.isInteger(count))
    throw new RangeError(`${blob.length} bytes aren't samples of ${bytesPerSample} bytes`);
  // A copy: gRPC hands out buffers at any offset, and Float64Array wants a multiple of 8.
  const column = new Uint8Array(blob).buffer;
  return {
    atMs: new Float64Array(column, 0, count),
    sourceToDestinationBytes: new Float64Array(column, count * 8, count),
    destinationToSourceBytes: new Float64Array(column, count * 16, count),
  };
};
