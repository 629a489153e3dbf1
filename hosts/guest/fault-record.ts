import type { FaultCounters } from '#proto/control';
import type { FaultsEvent } from '#proto/events';
import { faultsToldMax } from '#proto/events';
import { clock, faultRingEntries, faultWords } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

/** Demand faults: noted by the vCPUs that meet them, in memory that their host reads. */

const histogramBuckets = 24;

const firstFaultsOf = (buffers: GuestBuffers, vcpu: number): Float64Array => {
  const words = faultsToldMax * faultWords.words;
  return new Float64Array(buffers.firstFaults, vcpu * words * 8, words);
};

/** Notes a fault of this vCPU; it allocates nothing. */
export const faultRecorder = (
  buffers: GuestBuffers,
  vcpu: number,
): ((page: number, requestedAtMs: number, answeredAtMs: number) => void) => {
  const clocks = new Float64Array(buffers.clocks, vcpu * clock.words * 8, clock.words);
  const latencies = new Uint32Array(buffers.faultLatencies, vcpu * faultRingEntries * 4, faultRingEntries);
  const first = firstFaultsOf(buffers, vcpu);
  return (page, requestedAtMs, answeredAtMs) => {
    const stalledMs = answeredAtMs - requestedAtMs;
    const faults = clocks[clock.faults] ?? 0;
    if (faults < faultsToldMax) {
      const at = faults * faultWords.words;
      first[at + faultWords.requestedAtMs] = requestedAtMs;
      first[at + faultWords.answeredAtMs] = answeredAtMs;
      first[at + faultWords.page] = page;
    }
    latencies[faults % faultRingEntries] = Math.round(stalledMs * 1000);
    clocks[clock.faults] = faults + 1;
    clocks[clock.stalledMs] = (clocks[clock.stalledMs] ?? 0) + stalledMs;
  };
};

/** A guest's faults on one host, read together. */
export interface FaultRecord extends Pick<FaultsEvent, 'faults' | 'leftOut'> {
  counters: FaultCounters;
}

/** Percentiles (nearest rank) are over the newest 65,536 faults of each vCPU. */
const countersOf = (buffers: GuestBuffers, counts: readonly number[]): FaultCounters => {
  const clocks = new Float64Array(buffers.clocks);
  const samples: number[] = [];
  for (const [vcpu, faults] of counts.entries()) {
    const ring = new Uint32Array(buffers.faultLatencies, vcpu * faultRingEntries * 4, faultRingEntries);
    for (const latency of ring.subarray(0, Math.min(faults, faultRingEntries))) samples.push(latency);
  }
  samples.sort((a, b) => a - b);
  const rank = (fraction: number): number =>
    samples[Math.max(0, Math.ceil(samples.length * fraction) - 1)] ?? 0;
  const histogram = Array.from({ length: histogramBuckets }, () => 0);
  for (const latency of samples) {
    const bucket = Math.min(histogramBuckets - 1, 31 - Math.clz32(Math.max(1, latency)));
    histogram[bucket] = (histogram[bucket] ?? 0) + 1;
  }
  return {
    count: counts.reduce((sum, count) => sum + count, 0),
    minUs: rank(0),
    p50Us: rank(0.5),
    p99Us: rank(0.99),
    maxUs: rank(1),
    histogram,
    vcpuBlocktimeMs: counts.map((_, vcpu) => clocks[vcpu * clock.words + clock.stalledMs] ?? 0),
  };
};

/** Faults of all vCPUs so far. */
export const faultRecordOf = (buffers: GuestBuffers): FaultRecord => {
  const clocks = new Float64Array(buffers.clocks);
  // Read once: its vCPUs may run.
  const counts = Array.from(
    { length: buffers.vcpus },
    (_, vcpu) => clocks[vcpu * clock.words + clock.faults] ?? 0,
  );
  const counters = countersOf(buffers, counts);
  const faults = counts
    .flatMap((count, vcpu) => {
      const first = firstFaultsOf(buffers, vcpu);
      return Array.from({ length: Math.min(count, faultsToldMax) }, (_, fault) => {
        const at = fault * faultWords.words;
        return {
          requestedAtMs: first[at + faultWords.requestedAtMs]!,
          answeredAtMs: first[at + faultWords.answeredAtMs]!,
          page: first[at + faultWords.page]!,
          vcpu,
        };
      });
    })
    .sort((a, b) => a.requestedAtMs - b.requestedAtMs)
    .slice(0, faultsToldMax);
  return { counters, faults, leftOut: counters.count - faults.length };
};
