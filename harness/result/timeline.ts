import { z } from 'zod';
import { changeShape } from '../link-change.ts';
import type { TimelineEntry } from '../timeline/types.ts';
import { actionNames, killableHosts, killSignals, plainOrders } from '../timeline/types.ts';

/** A scenario's timeline, and what came of it. */

const at = z
  .string()
  .describe('A duration since the start of the migration, or an occasion and how long after it');
const direction = z.object(changeShape).exactOptional();

/** Part of the scenario. */
export const timelineEntrySchema = z
  .union([
    z.object({
      at,
      do: z.literal('link'),
      change: z.object({ sourceToDestination: direction, destinationToSource: direction }),
    }),
    z.object({ at, do: z.literal('link'), trace: z.string().describe('Path of the file') }),
    z.object({ at, do: z.literal('cut'), forMs: z.number() }),
    z.object({
      at,
      do: z.literal('kill'),
      host: z.enum(killableHosts),
      signal: z.enum(killSignals),
      forMs: z.number().exactOptional(),
    }),
    z.object({ at, do: z.literal('set'), limits: z.record(z.string(), z.number()) }),
    z.object({ at, do: z.enum(plainOrders) }),
  ])
  .meta({ id: 'TimelineEntry' }) as unknown as z.ZodType<TimelineEntry>;

/**
 * done: it was done; refused: its time came, and it could not be done then; failed: it was tried in vain; never: its time
 * never came.
 */
const outcomes = ['done', 'refused', 'failed', 'never'] as const;

export const playedSchema = z
  .object({
    entry: z.int().describe('Its place in `scenario.timeline`, from 0'),
    at,
    do: z.enum(actionNames),
    with: z.string().describe('What was asked for, in words; empty where the action says it all'),
    askedMs: z
      .number()
      .nullable()
      .describe('When it was due, after the start of the migration; null: it never was'),
    atMs: z
      .number()
      .nullable()
      .describe('When it was begun, after the start of the migration; null: it was not'),
    tookMs: z
      .number()
      .nullable()
      .describe('Until it was in force or, of what lasts a while (cut, STOP, a trace), until it was over; null: it was not begun'), // prettier-ignore
    outcome: z
      .enum(outcomes)
      .describe('never: its time never came; refused: it could not be done then; failed: it was tried in vain'), // prettier-ignore
    detail: z.string().nullable().describe('Why it was not done, or what else there is to say of it'),
    trace: z
      .object({
        sha256: z.string().describe("Of the file's text"),
        steps: z.int(),
        applied: z.int().describe('Those that were applied by themselves, or with others that were due as well'), // prettier-ignore
      })
      .exactOptional()
      .describe('Of an entry with a trace'),
  })
  .meta({ id: 'PlayedEntry' });

export type PlayedEntry = z.infer<typeof playedSchema>;
