import type { WorkloadConfig } from '#proto/guest';
import type { Parameters, ValuesOf } from './parameter.ts';
import { valuesOf } from './parameter.ts';
import type { Definition } from './room.ts';

/** The memory a workload may access: pages of its vCPU's slice, as the guest sees them. */
export interface WorkloadMemory {
  /** Returns its version. */
  read(page: number): number;
  /** Returns the version that it then has. */
  write(page: number): number;
}

/** A request that a vCPU has taken. */
export interface Taken {
  /** Notes a page that it read or wrote, for the answer. */
  note(page: number, version: number): void;
}

/** The requests that wait for the guest. */
export interface Requests {
  readonly isEmpty: boolean;
  /** The oldest, which is this vCPU's then; null = another vCPU was faster, or there is none. */
  take(): Taken | null;
  /** It is done: the answer goes out. */
  answer(request: Taken): void;
}

/** What a guest needs that answers requests. */
export interface Service {
  /** Requests that may wait; more are refused. */
  queuedMost: number;
  /** Pages that the answer tells the versions of. */
  accessesPerRequest: number;
  responseBytes: number;
}

/**
 * What a guest's vCPU does. All of its state is in the registers, which are part of the device state, so the workload
 * resumes at the destination where it paused at the source.
 */
export interface Workload {
  /** One operation: a page read or written. */
  step(memory: WorkloadMemory, random: () => number): void;
  /** Operations per second of this vCPU, 0 = flat out. Read again after every few ms of steps, as it may change. */
  readonly stepsPerSecond: number;
  /** There is nothing to do until a request comes; absent = there always is. */
  readonly isIdle?: boolean;
}

export interface WorkloadContext {
  config: WorkloadConfig;
  /** The vCPU's part of the region. */
  slice: { first: number; pages: number };
  vcpu: number;
  vcpus: number;
  pageCount: number;
  /** Registers that the workload may use, zero at boot. */
  registers: Int32Array;
  /** Of a workload that answers requests. */
  requests?: Requests;
}

/** What a guest does. */
export interface WorkloadDefinition extends Definition {
  /** It has a region: scenarios set `region` and `content`. */
  readonly hasRegion: boolean;
  /** It has a rate: scenarios set `dirtyRate`. */
  readonly hasDirtyRate: boolean;
  readonly parameters: Parameters;
  /** It answers requests: scenarios set `load`. */
  readonly service?: (config: WorkloadConfig) => Service;
  create(context: WorkloadContext): Workload;
}

export const defineWorkload = <const P extends Parameters>(definition: {
  name: string;
  help: string;
  isDefault?: true;
  hasRegion: boolean;
  hasDirtyRate: boolean;
  parameters: P;
  service?: (config: WorkloadConfig) => Service;
  create(context: WorkloadContext, parameters: ValuesOf<P>): Workload;
}): WorkloadDefinition => ({
  ...definition,
  create: (context) => definition.create(context, valuesOf(definition.parameters, context.config)),
});
