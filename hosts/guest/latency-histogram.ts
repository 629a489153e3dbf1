import type { LatencyReport } from '#proto/control';

/** Buckets per doubling of the latency: each is 1/32 of its lower bound wide at most, hence percentiles err by 3 %. */
const stepsPower = 5;
const steps = 2 ** stepsPower;
/** Longer ones, of two minutes and more, count as this. */
const longestUs = 2 ** 27 - 1;

const bucketOf = (us: number): number => {
  const shift = Math.max(0, 31 - Math.clz32(us) - stepsPower);
  return shift * steps + (us >>> shift);
};

/** The longest latency of a bucket. */
const endOf = (bucket: number): number => {
  const shift = Math.max(0, Math.floor(bucket / steps) - 1);
  return ((bucket - shift * steps + 1) << shift) - 1;
};

const buckets = bucketOf(longestUs) + 1;
/** The longest so far, then a count per bucket. */
const words = 1 + buckets;
export const latencyHistogramBytes = words * 4;

/** Latencies as counts in buckets: it takes as much room for a million as for one. One thread writes, any may read. */
export class LatencyHistogram {
  readonly #longest: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(buffer: ArrayBufferLike, byteOffset = 0) {
    this.#longest = new Uint32Array(buffer, byteOffset, 1);
    this.#counts = new Uint32Array(buffer, byteOffset + 4, buckets);
  }

  add(latencyMs: number): void {
    const us = Math.min(longestUs, Math.max(0, Math.round(latencyMs * 1000)));
    this.#counts[bucketOf(us)]! += 1;
    if (us > this.#longest[0]!) this.#longest[0] = us;
  }

  /** Percentiles by nearest rank: the end of the bucket that they are in. */
  get report(): LatencyReport {
    const count = this.#counts.reduce((sum, each) => sum + each, 0);
    if (count === 0) return { count, p50Ms: null, p99Ms: null, maxMs: null };
    const maxUs = this.#longest[0]!;
    const rank = (share: number): number => {
      let left = Math.ceil(share * count);
      const bucket = this.#counts.findIndex((each) => (left -= each) <= 0);
      return Math.min(maxUs, endOf(bucket)) / 1000;
    };
    return { count, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: maxUs / 1000 };
  }
}
