import { defineWorkload } from '../workload.ts';
import { inPhases, intensity } from './parts/phases.ts';

/** A file server: files stream through the page cache in bursts, and metadata is rewritten in between. */
export default defineWorkload({
  name: 'sfs',
  help: 'a file server: bursts that sweep the page cache, and a few random writes in between',
  hasRegion: true,
  hasDirtyRate: false,
  parameters: intensity,
  create: (context, { intensity: factor }) =>
    inPhases(
      [
        { durationMs: 1500, pagesPerSecond: 22_000, writes: 'sequential' },
        { durationMs: 1500, pagesPerSecond: 2000, writes: { hotShare: 0.05, hotWrites: 0.9 } },
      ],
      context,
      factor,
    ),
});
