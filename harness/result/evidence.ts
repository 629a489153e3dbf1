import { z } from 'zod';
import { migrationStatuses } from '../../proto/strategy.ts';
import { errorDocumentSchema } from './common.ts';
import { linkCutSchema, measurementSchema, ramSchema, roundSchema } from './measurement.ts';

const moment = z.number().nullable();

const sourceReportSchema = z
  .object({
    status: z.enum(migrationStatuses),
    error: errorDocumentSchema.nullable(),
    timeline: z.object({
      startedAtMs: z.number(),
      activeAtMs: moment,
      pauseRequestedAtMs: moment,
      lastInstructionAtMs: moment,
      continuedAtMs: moment.optional(),
      pagesSentAtMs: moment,
      deviceStateSentAtMs: moment,
      endedAtMs: z.number(),
    }),
    ram: ramSchema,
    capabilities: z.record(z.string(), z.record(z.string(), z.number())).optional(),
    paddingBytes: z.number(),
    recoveries: z
      .array(z.object({ pausedAtMs: z.number(), recoveredAtMs: moment, pagesLost: z.int() }))
      .optional(),
    lateRequestsDropped: z.int(),
    guestRunningAtEnd: z.boolean(),
  })
  .meta({ id: 'SourceReport' });

const destinationReportSchema = z
  .object({
    status: z.enum(migrationStatuses),
    error: errorDocumentSchema.nullable(),
    timeline: z.object({
      connectedAtMs: moment,
      deviceStateReceivedAtMs: moment,
      deviceStateLoadedAtMs: moment,
      firstInstructionAtMs: moment,
      allPagesReceivedAtMs: moment,
      endedAtMs: z.number(),
    }),
    pagesReceived: z.int(),
    zeroPagesReceived: z.int(),
    encodedPagesReceived: z.int().optional(),
    duplicateArrivals: z.int(),
    faults: z.object({
      count: z.int(),
      minUs: z.number(),
      p50Us: z.number(),
      p99Us: z.number(),
      maxUs: z.number(),
      histogram: z.array(z.int()),
      vcpuBlocktimeMs: z.array(z.number()),
    }),
  })
  .meta({ id: 'DestinationReport' });

/**
 * What there is to look into after a run that did not complete. Kept away from `measurement`, so that no number of a
 * failed or invalid run can pass for a result.
 */
export const evidenceSchema = z
  .object({
    source: sourceReportSchema.nullable(),
    destination: destinationReportSchema.nullable(),
    rounds: z.array(roundSchema),
    linkCuts: z
      .array(linkCutSchema)
      .optional()
      .describe('When nothing passed between the two hosts (`livemig cut`)'),
    measurement: measurementSchema.nullable().describe('Where the migration ended but an oracle refused it'),
  })
  .meta({ id: 'Evidence' });

export type Evidence = z.infer<typeof evidenceSchema>;
