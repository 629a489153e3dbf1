import { defaultOf, readRoom } from './room.ts';
import type { Parameters } from './parameter.ts';
import { allParameters, possibleOf } from './parameter.ts';
import type { WorkloadConfig } from '#proto/guest';
import type { Service, WorkloadDefinition } from './workload.ts';

export const workloads = readRoom<WorkloadDefinition>('workloads');
export const workloadNames: readonly string[] = [...workloads.keys()];
export const defaultWorkload = defaultOf(workloads);

type Values = Readonly<Record<string, unknown>>;

/** The parameters that apply to a workload with these values. */
export const workloadParameters = (name: string, values: Values): Parameters =>
  allParameters(workloads.get(name)?.parameters ?? {}, values);

/** The parameters of all workloads. */
export const allWorkloadParameters: Parameters = possibleOf(workloads.values());

/** What a guest with this workload needs to answer requests; null = it answers none. */
export const serviceOf = (config: WorkloadConfig): Service | null =>
  workloads.get(config.name)?.service?.(config) ?? null;
