import { z } from 'zod';
import type { DestinationReport, SourceReport } from '#proto/control';
import { migrationStatuses } from '#proto/strategy';
import { errorDocumentSchema } from './common.ts';
import {
  diskSchema,
  encodedPagesSchema,
  linkCutSchema,
  measurementSchema,
  ramSchema,
  receivedSchema,
  roundSchema,
} from './measurement.ts';

const moment = z.number().nullable();

// Held against what agents report: a field that one of them lacks doesn't compile.

const sourceReportSchema = z
  .object({
    status: z.enum(migrationStatuses),
    error: errorDocumentSchema.nullable(),
    timeline: z.object({
      startedAtMs: z.number(),
      activeAtMs: moment,
      pauseRequestedAtMs: moment,
      lastInstructionAtMs: moment,
      drainedAtMs: z.number().exactOptional(),
      releasedAtMs: z.number().exactOptional(),
      continuedAtMs: moment,
      pagesSentAtMs: moment,
      deviceStateSentAtMs: moment,
      endedAtMs: z.number(),
    }),
    ram: ramSchema,
    disk: diskSchema.exactOptional(),
    encodedPages: encodedPagesSchema,
    capabilities: z.record(z.string(), z.record(z.string(), z.number())),
    recoveries: z.array(z.object({ pausedAtMs: z.number(), recoveredAtMs: moment, pagesLost: z.int() })),
    guestRunningAtEnd: z.boolean(),
  })
  .meta({ id: 'SourceReport' }) satisfies z.ZodType<SourceReport>;

const destinationReportSchema = z
  .object({
    status: z.enum(migrationStatuses),
    error: errorDocumentSchema.nullable(),
    timeline: z.object({
      connectedAtMs: moment,
      deviceStateReceivedAtMs: moment,
      deviceStateLoadedAtMs: moment,
      leaseAskedAtMs: z.number().exactOptional(),
      leasedAtMs: z.number().exactOptional(),
      firstInstructionAtMs: moment,
      allPagesReceivedAtMs: moment,
      endedAtMs: z.number(),
    }),
    received: receivedSchema,
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
  .meta({ id: 'DestinationReport' }) satisfies z.ZodType<DestinationReport>;

/**
 * What there is to look into after a run that did not complete. Kept away from `measurement`, so that no number of a
 * failed or invalid run can pass for a result.
 */
export const evidenceSchema = z
  .object({
    source: sourceReportSchema.nullable(),
    destination: destinationReportSchema.nullable(),
    rounds: z.array(roundSchema),
    linkCuts: z.array(linkCutSchema).describe('When nothing passed between the two hosts (`livemig cut`)'),
    measurement: measurementSchema.nullable().describe('Where the migration ended but an oracle refused it'),
  })
  .meta({ id: 'Evidence' });

export type Evidence = z.infer<typeof evidenceSchema>;
