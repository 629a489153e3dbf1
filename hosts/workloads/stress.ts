import type { WorkloadFactory } from './workload.ts';

/** Like `stress --vm N --vm-keep`: each vCPU rewrites its slice of the region from end to end, over and over. */
export const stress: WorkloadFactory = ({ config, slice, vcpus, registers }) => ({
  stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
  step: (memory) => {
    const position = registers[0] ?? 0;
    registers[0] = position + 1 >= slice.pages ? 0 : position + 1;
    if (slice.pages > 0) memory.write(slice.first + position);
  },
});
