import { z } from 'zod';
import { describeFigure } from '../measure/figures.ts';
import { count, ms } from './common.ts';

/** What the observer saw of a service in the guest. */

const at = (id: string) => describeFigure(`measurement.service.during.${id}`);
const perSecond = (id: string) => z.number().nonnegative().describe(at(id));
const latency = (id: string) => z.number().nullable().describe(at(id));

const figuresOfSpan = {
  requests: count(at('requests')),
  requestsPerSecond: perSecond('requestsPerSecond'),
  repliesPerSecond: perSecond('repliesPerSecond'),
  kilobytesPerSecond: perSecond('kilobytesPerSecond'),
  p50Ms: latency('p50Ms'),
  p90Ms: latency('p90Ms'),
  p95Ms: latency('p95Ms'),
  p99Ms: latency('p99Ms'),
  maxMs: latency('maxMs'),
  errors: count(at('errors')),
  timeouts: count(at('timeouts')),
  refused: count(at('refused')),
  stale: count(at('stale')),
  otherErrors: count(at('otherErrors')),
};

const spanSchema = z
  .object({ durationMs: z.number().describe(at('durationMs')), ...figuresOfSpan })
  .meta({ id: 'ServiceSpan' });

const pointSchema = z
  .object({ atMs: ms('End of the interval, after the start of the migration'), ...figuresOfSpan })
  .meta({ id: 'ServicePoint' });

export const serviceSchema = z
  .object({
    rate: z.number().describe(describeFigure('measurement.service.rate')),
    lateP99Ms: z.number().nullable().describe(describeFigure('measurement.service.lateP99Ms')),
    during: spanSchema.describe('From the start of the migration to its end'),
    phases: z.object({
      before: spanSchema,
      rounds: spanSchema.describe('Until the guest was paused'),
      downtime: spanSchema,
      postcopy: spanSchema.nullable().describe('Null of a migration that had none'),
      after: spanSchema,
    }),
    series: z.array(pointSchema).describe('Every 100 ms, from before the migration to after it'),
  })
  .meta({ id: 'Service' });

export type ServiceMeasurement = z.infer<typeof serviceSchema>;
export type ServiceSpan = z.infer<typeof spanSchema>;
