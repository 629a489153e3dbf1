import { z } from 'zod';
import { bytes, count, ms } from './common.ts';

/** What was noted over time. An interval begins where the one before it ends. */

const atMs = ms('End of the interval, after the start of the migration; negative before it');

const linkPointSchema = z
  .object({
    atMs,
    sourceToDestinationMbps: z.number().describe("The router's count, headers included, in Mb/s"),
    destinationToSourceMbps: z.number().describe('The same, the other way'),
  })
  .meta({ id: 'LinkPoint' });

const progressPointSchema = z
  .object({
    atMs: ms('After the start of the migration'),
    transferredBytes: bytes('Page messages sent until then'),
    remainingBytes: bytes('Still to send as far as was known then'),
  })
  .meta({ id: 'ProgressPoint' });

const pingPointSchema = z
  .object({
    atMs,
    sent: count('Pings sent within the interval'),
    lost: count('Of these, never answered'),
    p50Ms: z.number().nullable().describe('Median round trip in ms; null where none was answered'),
    maxMs: z.number().nullable(),
  })
  .meta({ id: 'PingPoint' });

/** At most 400 points each; neighbouring intervals of long runs are put together. */
export const seriesSchema = z
  .object({
    link: z.array(linkPointSchema).describe("The router's counters, sampled while the migration ran"),
    progress: z.array(progressPointSchema).describe('What the source told of its progress'),
    pings: z
      .array(pingPointSchema)
      .describe("The observer's pings, from 1 s before the migration to 1 s after it where there were any"),
  })
  .meta({ id: 'Series' });

export type LinkPoint = z.infer<typeof linkPointSchema>;
export type ProgressPoint = z.infer<typeof progressPointSchema>;
export type PingPoint = z.infer<typeof pingPointSchema>;
