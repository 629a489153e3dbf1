import type { WorkloadConfig } from '../../proto/guest.ts';

/** What a workload may touch: pages of its vCPU's slice, through the guest's eyes. */
export interface WorkloadMemory {
  read(page: number): number;
  write(page: number): void;
}

/**
 * What a guest's vCPU does. It keeps all of its state in the registers, which travel with the device state: the
 * workload goes on at the destination where it stopped at the source.
 */
export interface Workload {
  /** One operation: a page read or written. */
  step(memory: WorkloadMemory, random: () => number): void;
  /** Operations per second of this vCPU; 0 = flat out. */
  readonly stepsPerSecond: number;
}

export interface WorkloadContext {
  config: WorkloadConfig;
  /** The vCPU's own part of the region. */
  slice: { first: number; pages: number };
  vcpu: number;
  vcpus: number;
  pageCount: number;
  /** Registers that the workload may use, zero at boot. */
  registers: Int32Array;
}

export type WorkloadFactory = (context: WorkloadContext) => Workload;
