import { choice } from '../parameter.ts';
import { readPatterns } from '../read-patterns.ts';
import { definedAs } from '../room.ts';
import { defineWorkload } from '../workload.ts';

/** Reads pages of the region and writes none: a load that waits for post-copy's pages. */
export default defineWorkload({
  name: 'read',
  help: 'reads a region in a pattern and writes nothing',
  hasRegion: true,
  hasDirtyRate: true,
  parameters: {
    pattern: choice({
      help: 'the order in which pages are read',
      what: 'pattern',
      among: readPatterns,
      default: 'sequential',
    }),
  },
  create: (context, { pattern }) => {
    const { config, slice, vcpus } = context;
    const nextPage = definedAs(readPatterns, pattern).start(context);
    return {
      stepsPerSecond: config.dirtyRatePagesPerSecond / vcpus,
      step: (memory, random) => {
        if (slice.pages > 0) memory.read(slice.first + nextPage(random));
      },
    };
  },
});
