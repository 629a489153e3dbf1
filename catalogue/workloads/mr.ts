import { defineWorkload } from '../workload.ts';
import { inPhases, intensity } from './parts/phases.ts';

/** A MapReduce worker: it maps at random, then sorts and spills what it has, page after page. */
export default defineWorkload({
  name: 'mr',
  help: 'a MapReduce worker: random writes while it maps, then fast sweeps while it sorts and spills',
  hasRegion: true,
  hasDirtyRate: false,
  parameters: intensity,
  create: (context, { intensity: factor }) =>
    inPhases(
      [
        { durationMs: 2500, pagesPerSecond: 6000, writes: { hotShare: 0.3, hotWrites: 0.7 } },
        { durationMs: 1500, pagesPerSecond: 28_000, writes: 'sequential' },
      ],
      context,
      factor,
    ),
});
