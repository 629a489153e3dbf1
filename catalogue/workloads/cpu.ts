import { defineWorkload } from '../workload.ts';
import { inPhases, intensity } from './parts/phases.ts';

/** A computation: it stays in the processor's caches, and writes a small working set. */
export default defineWorkload({
  name: 'cpu',
  help: 'a computation: steadily rewrites a small working set',
  hasRegion: true,
  hasDirtyRate: false,
  parameters: intensity,
  create: (context, { intensity: factor }) =>
    inPhases(
      [{ durationMs: 1000, pagesPerSecond: 1500, writes: { hotShare: 0.02, hotWrites: 0.98 } }],
      context,
      factor,
    ),
});
