import type { ReadPattern } from '../../proto/guest.ts';
import type { WorkloadContext, WorkloadFactory } from './workload.ts';

/** Pages from one read to the next of a strided reader: a column of a matrix whose rows are 64 KiB. */
const stridePages = 16;

type NextPage = (context: WorkloadContext, random: () => number) => number;

/** Where in the slice the next read goes. State is kept in register 0. */
const patterns: Readonly<Record<ReadPattern, NextPage>> = {
  sequential: ({ slice, registers }) => {
    const position = registers[0] ?? 0;
    registers[0] = position + 1 >= slice.pages ? 0 : position + 1;
    return position;
  },
  strided: ({ slice, registers }) => {
    const position = registers[0] ?? 0;
    const next = position + stridePages;
    // At the end of a column the next one begins.
    registers[0] = next < slice.pages ? next : ((position % stridePages) + 1) % stridePages;
    return Math.min(position, slice.pages - 1);
  },
  random: ({ slice }, random) => random() % slice.pages,
  'hot-set': ({ slice, config }, random) => {
    const hotPages = Math.max(1, Math.floor(slice.pages * config.hotRegionFraction));
    return random() % (random() < config.hotWriteFraction * 2 ** 32 ? hotPages : slice.pages);
  },
};

/** Reads pages of the region and writes none: what waits for post-copy to bring them. */
export const read: WorkloadFactory = (context) => {
  const { config, slice, vcpus } = context;
  const nextPage = patterns[config.pattern];
  return {
    stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
    step: (memory, random) => {
      if (slice.pages > 0) memory.read(slice.first + nextPage(context, random));
    },
  };
};
