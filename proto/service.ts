import { LivemigError } from './errors.ts';

/**
 * A service in the guest, and the requests that the observer sends it (docs/service.md). One datagram is a request, one its
 * answer: a connection of a host's kernel couldn't move with the guest.
 */
export const arrivals = ['uniform', 'poisson'] as const;
export type Arrivals = (typeof arrivals)[number];

export const loadRateMaxPerSecond = 50_000;
export const loadTimeoutMaxMs = 60_000;
/** Maximum requests of one load: 30 MB of samples. */
export const loadRequestsMax = 1_700_000;

/** Requests from outside, as a scenario asks for them. */
export interface LoadConfig {
  /** Requests per second, whatever becomes of them: an open loop. */
  rate: number;
  arrivals: Arrivals;
  /** An answer that takes longer is an error. */
  timeoutMs: number;
}

/** The load as the observer runs it. */
export interface LoadOrder extends LoadConfig {
  guestAddress: string;
  port: number;
  /** Of poisson arrivals. */
  seed: number;
  /** Pages of the guest, for the versions that its answers carry. */
  pageCount: number;
}

/** A request: its number (u32, little endian), padded as small requests are. */
export const serviceRequestBytes = 64;
/** An answer: the number, one byte of `pingHost`, one of `serviceStatus`, a count (u16), and that many accesses … */
export const serviceHeaderBytes = 8;
/** … of page (u32) and version (u32) each; then padding. */
export const serviceAccessBytes = 8;
export const serviceStatus = { done: 1, refused: 2 } as const;
/** The largest answer: four times what a web server sends by default, and a fraction of what a datagram holds. */
export const serviceResponseMaxBytes = 16_384;
/** Pages that one request may read, and write. */
export const serviceAccessesMax = 64;

/** What became of a request. `other` = it couldn't be sent, or its answer made no sense. */
export const outcomes = ['done', 'timeout', 'refused', 'stale', 'other'] as const;
export type Outcome = (typeof outcomes)[number];
export const serviceErrors = ['timeout', 'refused', 'stale', 'other'] as const satisfies Outcome[];

/** Columns of equal length, in the order of the schedule. Times are CLOCK_MONOTONIC in ms. */
export interface LoadSamples {
  scheduledAtMs: Float64Array;
  /** How much later than scheduled it was sent. */
  lateMs: Float32Array;
  /** From the scheduled instant to the answer; NaN if none came. */
  latencyMs: Float32Array;
  /** An index into `outcomes`. */
  outcome: Uint8Array;
  /** Length of the answer. */
  bytes: Uint32Array;
}

const bytesPerRequest = 8 + 4 + 4 + 4 + 1;

const bytesOf = (column: Float64Array | Float32Array | Uint32Array | Uint8Array): Buffer =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);

export const encodeLoadSamples = ({
  scheduledAtMs,
  lateMs,
  latencyMs,
  outcome,
  bytes,
}: LoadSamples): Buffer => Buffer.concat([scheduledAtMs, lateMs, latencyMs, bytes, outcome].map(bytesOf));

/** @throws LivemigError PROTOCOL_VIOLATION when it isn't one. */
export const decodeLoadSamples = (blob: Buffer): LoadSamples => {
  const count = blob.length / bytesPerRequest;
  // A copy: gRPC hands out buffers at any offset, and Float64Array wants a multiple of 8.
  const { buffer } = new Uint8Array(blob);
  const samples = (): LoadSamples => ({
    scheduledAtMs: new Float64Array(buffer, 0, count),
    lateMs: new Float32Array(buffer, count * 8, count),
    latencyMs: new Float32Array(buffer, count * 12, count),
    bytes: new Uint32Array(buffer, count * 16, count),
    outcome: new Uint8Array(buffer, count * 20, count),
  });
  const isSound =
    Number.isInteger(count) &&
    count <= loadRequestsMax &&
    samples().outcome.every((each) => each < outcomes.length) &&
    samples().scheduledAtMs.every(Number.isFinite);
  if (!isSound)
    throw new LivemigError(
      'PROTOCOL_VIOLATION',
      `expected samples of a load, got ${blob.length} other bytes`,
    );
  return samples();
};
