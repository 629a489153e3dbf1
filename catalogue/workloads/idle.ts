import { defineWorkload } from '../workload.ts';

/** Linux's timer tick on an otherwise idle vCPU (CONFIG_HZ=250). */
const ticksPerSecond = 250;
/** Pages that a tick may touch: run queue, timekeeping, a few daemons. */
const kernelPages = 64;

/** A guest with nothing to do: timer ticks that keep a few pages of each vCPU warm. */
export default defineWorkload({
  name: 'idle',
  help: `a timer tick, ${ticksPerSecond} page writes a second`,
  hasRegion: false,
  hasDirtyRate: false,
  parameters: {},
  create: ({ vcpu, pageCount, registers }) => ({
    stepsPerSecond: ticksPerSecond,
    step: (memory) => {
      const tick = registers[0] ?? 0;
      registers[0] = (tick + 1) | 0;
      memory.write((vcpu * kernelPages + ((tick >>> 0) % kernelPages)) % pageCount);
    },
  }),
});
