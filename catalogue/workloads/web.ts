import { defineWorkload } from '../workload.ts';
import { inPhases, intensity } from './parts/phases.ts';

const writes = { hotShare: 0.1, hotWrites: 0.9 };

/** A web server: sessions, caches and logs of requests that come in waves, mostly to a hot part. */
export default defineWorkload({
  name: 'web',
  help: 'a web server: random writes, most of them to a hot part, in waves of requests',
  hasRegion: true,
  hasDirtyRate: false,
  parameters: intensity,
  create: (context, { intensity: factor }) =>
    inPhases(
      [
        { durationMs: 600, pagesPerSecond: 5000, writes },
        { durationMs: 400, pagesPerSecond: 12_000, writes },
      ],
      context,
      factor,
    ),
});
