import { integer } from '../parameter.ts';
import { defineWorkload } from '../workload.ts';
import { inPhases } from './parts/phases.ts';

const rate = (given: { help: string; default: number }) =>
  integer({ ...given, unit: 'pages/s over all vCPUs', least: 1, most: 10_000_000 });

/**
 * A periodic load, like batch jobs or day and night: rewrites its region like `stress`, slowly for half of the period
 * and fast for the other half. Halves are counted in steps, so that a paused or throttled guest skips none.
 */
export default defineWorkload({
  name: 'cyclic',
  help: 'rewrites a region repeatedly, alternating between slow and fast',
  hasRegion: true,
  hasDirtyRate: false,
  parameters: {
    periodMs: integer({
      help: 'length of a slow and a fast half together',
      unit: 'ms',
      least: 20,
      most: 3_600_000,
      default: 2000,
    }),
    lowRate: rate({ help: 'page writes in the slow half, which comes first', default: 1000 }),
    highRate: rate({ help: 'page writes in the fast half', default: 40_000 }),
  },
  create: (context, { periodMs, lowRate, highRate }) => {
    const half = { durationMs: periodMs / 2, writes: 'sequential' } as const;
    return inPhases(
      [
        { ...half, pagesPerSecond: lowRate },
        { ...half, pagesPerSecond: highRate },
      ],
      context,
    );
  },
});
