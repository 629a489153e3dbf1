import type { FaultCounters } from '#proto/control';
import { clock, faultRingEntries } from './shared.ts';
import type { GuestBuffers } from './shared.ts';

const histogramBuckets = 24;

/** Faults of all vCPUs; percentiles (nearest rank) over the newest 65,536 of each vCPU. */
export const faultCounters = (buffers: GuestBuffers): FaultCounters => {
  const clocks = new Float64Array(buffers.clocks);
  const samples: number[] = [];
  let count = 0;
  const vcpuBlocktimeMs: number[] = [];
  for (let vcpu = 0; vcpu < buffers.vcpus; vcpu++) {
    const faults = clocks[vcpu * clock.words + clock.faults] ?? 0;
    count += faults;
    vcpuBlocktimeMs.push(clocks[vcpu * clock.words + clock.stalledMs] ?? 0);
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
    count,
    minUs: rank(0),
    p50Us: rank(0.5),
    p99Us: rank(0.99),
    maxUs: rank(1),
    histogram,
    vcpuBlocktimeMs,
  };
};
