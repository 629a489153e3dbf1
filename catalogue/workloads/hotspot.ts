import { defineWorkload } from '../workload.ts';
import { hotPage, hotPart } from './parts/hot-part.ts';

/** Random writes, most of them to a small hot part of the region: the locality of real programs. */
export default defineWorkload({
  name: 'hotspot',
  help: 'writes a region at random, mostly a small hot part of it',
  hasRegion: true,
  hasDirtyRate: true,
  parameters: hotPart,
  create: ({ config, slice, vcpus }, parameters) => ({
    stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
    step: (memory, random) => {
      if (slice.pages > 0) memory.write(slice.first + hotPage(slice.pages, parameters, random));
    },
  }),
});
