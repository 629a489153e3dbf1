import type { WorkloadFactory } from './workload.ts';

/** Random writes, most of them to a small hot part of the region: the locality of real programs. */
export const hotspot: WorkloadFactory = ({ config, slice, vcpus }) => {
  const hotPages = Math.max(1, Math.floor(slice.pages * config.hotRegionFraction));
  const threshold = config.hotWriteFraction * 2 ** 32;
  return {
    stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
    step: (memory, random) => {
      if (slice.pages === 0) return;
      const range = random() < threshold ? hotPages : slice.pages;
      memory.write(slice.first + (random() % range));
    },
  };
};
