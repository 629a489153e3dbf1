import { z } from 'zod';
import { describeFigure } from '../measure/figures.ts';

const counted = (id: string) =>
  z
    .int()
    .nonnegative()
    .describe(describeFigure(`integrity.${id}`));

/** What the guest itself and the comparison of its memory say. Everything but what was compared must be zero. */
export const integritySchema = z
  .object({
    pagesCompared: counted('pagesCompared'),
    mismatches: counted('mismatches'),
    firstMismatches: z.array(z.int()).describe('The first few of these, by page number'),
    staleReads: counted('staleReads'),
    disk: z
      .object({
        sectorsCompared: counted('disk.sectorsCompared'),
        mismatches: counted('disk.mismatches'),
        firstMismatches: z.array(z.int()).describe('The first few of these, by sector number'),
        staleReads: counted('disk.staleReads'),
        ioErrors: counted('disk.ioErrors').exactOptional(),
        writersAtOnceMs: z
          .number()
          .nonnegative()
          .exactOptional()
          .describe(describeFigure('integrity.disk.writersAtOnceMs')),
      })
      .exactOptional()
      .describe("The same of the guest's disk, if it has one"),
    duplicateArrivals: counted('duplicateArrivals'),
    liveOnBothHostsMs: z
      .number()
      .nonnegative()
      .nullable()
      .describe(describeFigure('integrity.liveOnBothHostsMs')),
    host: z
      .enum(['source', 'destination'])
      .describe('Where the pages were compared: where the guest ended up'),
  })
  .meta({ id: 'Integrity' });

/** One thing that must be so for a cross-check to agree. */
const checkConditionSchema = z
  .object({
    what: z.string().describe('What was looked at'),
    expected: z.object({ low: z.number(), high: z.number() }).describe('Least and most that it may be'),
    got: z.number().nullable().describe('What it was; null where there was nothing to look at'),
    unit: z.enum(['ms', 'bytes', 'Mb/s', 'of the quota']),
    ok: z.boolean(),
    remedy: z.string().describe('What to do where it is not so'),
  })
  .meta({ id: 'CheckCondition' });

/** One quantity measured in two independent ways, and how far apart the two may be. */
export const crossCheckSchema = z
  .object({
    name: z.enum(['downtime', 'wire-bytes', 'traffic', 'host-load', 'load', 'timeline']),
    verdict: z.enum(['agree', 'disagree', 'not-checked']),
    measured: z.number().nullable().describe('What the second instrument says; null where it saw nothing'),
    low: z.number().nullable().describe('Least that agrees with the first instrument'),
    high: z.number().nullable().describe('Most that agrees with it'),
    unit: z.enum(['ms', 'bytes', 'Mb/s', 'of the quota']),
    reason: z.string().describe('How the bounds come about, or why nothing was checked'),
    conditions: z
      .array(checkConditionSchema)
      .describe('All that must be so for it to agree; empty where it was not checked'),
  })
  .meta({ id: 'CrossCheck' });

export type Integrity = z.infer<typeof integritySchema>;
export type CheckCondition = z.infer<typeof checkConditionSchema>;
export type CrossCheck = z.infer<typeof crossCheckSchema>;
