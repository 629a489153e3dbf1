import { z } from 'zod';
import type { AgentEvent } from './events.ts';
import { transferPhases } from './events.ts';
import { adjustableLimits, migrationStatuses } from './strategy.ts';

/** What an agent may tell. Events go into plots, sums and files: a NaN or a text in one of them would end whoever adds up. */

const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const atMs = amount;
const textMax = 4096;

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), atMs, status: z.enum(migrationStatuses) }),
  z.object({
    type: z.literal('parameters'),
    atMs,
    changed: z.partialRecord(z.enum(adjustableLimits), amount),
  }),
  z.object({ type: z.literal('refused'), atMs, reason: z.string().max(textMax), count: amount }),
  z.object({
    type: z.literal('round'),
    atMs,
    round: amount,
    phase: z.enum(transferPhases),
    durationMs: amount,
    pagesSent: amount,
    bytesSent: amount,
    pagesDirtied: amount,
    dirtyPagesPerSecond: amount,
    throughputMbps: amount,
  }),
  z.object({
    type: z.literal('progress'),
    atMs,
    transferredBytes: amount,
    remainingBytes: amount,
    throughputMbps: amount,
  }),
  z.object({
    type: z.literal('guest'),
    atMs,
    host: z.enum(['source', 'destination']),
    running: z.boolean(),
    operations: amount,
    pagesDirtied: amount,
    stalledMs: amount,
  }),
  z.object({ type: z.literal('cut'), atMs, plannedMs: amount }),
  z.object({ type: z.literal('cut-ended'), atMs, startedAtMs: amount }),
]);

/** An event from the wire; null = what came is none, and nothing that an honest agent of this version says. */
export const readEvent = (json: string): AgentEvent | null => {
  try {
    const read = eventSchema.safeParse(JSON.parse(json));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
};
