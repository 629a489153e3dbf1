import { defineWorkload } from '../workload.ts';

/** Like `stress --vm N --vm-keep`: each vCPU rewrites its slice of the region from end to end, repeatedly. */
export default defineWorkload({
  name: 'stress',
  isDefault: true,
  help: 'rewrites a region repeatedly, like stress --vm --vm-keep',
  hasRegion: true,
  hasDirtyRate: true,
  parameters: {},
  create: ({ config, slice, vcpus, registers }) => ({
    stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
    step: (memory) => {
      const position = registers[0] ?? 0;
      registers[0] = position + 1 >= slice.pages ? 0 : position + 1;
      if (slice.pages > 0) memory.write(slice.first + position);
    },
  }),
});
