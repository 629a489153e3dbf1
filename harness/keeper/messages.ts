import { z } from 'zod';
import type { Scenario } from '../scenario.ts';
import type { RunEvent } from '../run/events.ts';
import { runResultSchema } from '../result.ts';
import { errorDocumentSchema } from '../result/common.ts';
import { scenarioAsRunSchema } from '../result/setting.ts';

/** What a command and the keeper of a testbed say to each other: one JSON document a line. */

/** Paths and texts. */
const text = z.string().max(64 << 10);

/** To the keeper. */
export const askSchema = z.discriminatedUnion('ask', [
  z.object({
    ask: z.literal('run'),
    scenario: scenarioAsRunSchema as unknown as z.ZodType<Scenario>,
    /** Where the paths of the scenario start. */
    directory: text,
  }),
  /** Ends the run under way as Ctrl-C does. */
  z.object({ ask: z.literal('abort') }),
  z.object({ ask: z.literal('status') }),
  /** Ends the keeper, and the testbed with it. */
  z.object({ ask: z.literal('end') }),
]);
export type Ask = z.infer<typeof askSchema>;

const keptStates = ['bringing up', 'idle', 'running', 'renewing'] as const;

export const keptStatusSchema = z.object({
  state: z.enum(keptStates),
  /** Of the run under way. */
  run: text.nullable(),
  /** Runs made so far. */
  runs: z.int().nonnegative(),
  rttMs: z.number().nullable(),
  goodputMbps: z.number().nullable(),
  /** Until it ends by itself; null while it isn't idle. */
  endsInMs: z.number().nullable(),
  /** What was found wrong since it came up. */
  warnings: z.array(text).max(100),
});
export type KeptStatus = z.infer<typeof keptStatusSchema>;

/** From the keeper. */
export const saySchema = z.discriminatedUnion('say', [
  /** So that one who waits knows that the keeper is alive. */
  z.object({ say: z.literal('alive') }),
  /** Another run is under way in it. */
  z.object({ say: z.literal('busy'), run: text }),
  z.object({ say: z.literal('warning'), text }),
  z.object({ say: z.literal('event'), event: z.custom<RunEvent>((event) => typeof event === 'object') }),
  z.object({ say: z.literal('result'), result: runResultSchema }),
  z.object({ say: z.literal('error'), error: errorDocumentSchema }),
  z.object({ say: z.literal('status'), status: keptStatusSchema }),
  z.object({ say: z.literal('ended') }),
]);
export type Say = z.infer<typeof saySchema>;

/** A scenario is some kilobytes. */
export const askMaxBytes = 1 << 20;
/** A result with its series is a megabyte or so. */
export const sayMaxBytes = 256 << 20;
export const aliveEveryMs = 1000;
/** A keeper that says nothing for so long is given up. */
export const silenceMaxMs = 30_000;
