import type { WorkloadName } from '../../proto/guest.ts';
import { hotspot } from './hotspot.ts';
import { idle } from './idle.ts';
import { read } from './read.ts';
import { stress } from './stress.ts';
import type { WorkloadFactory } from './workload.ts';

/** Every workload by name: a new one is a file, its name in proto/guest.ts, and a line here. */
export const workloads: Record<WorkloadName, WorkloadFactory> = { idle, stress, hotspot, read };
