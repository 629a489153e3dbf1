import { z } from 'zod';
import type { ToldEvent } from './control-codec.ts';
import { faultsToldMax, messagesPerNameMax, messageWays, transferPhases } from './events.ts';
import { messageNames } from './migration-phases.ts';
import { adjustableLimits } from '#catalogue/limits';
import { migrationStatuses, switchoverOrders } from './strategy.ts';

/** Valid events. They go into plots, sums and files, which a NaN or a string in place of a number would break. */

const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const atMs = amount;
const textMax = 4096;
const id = z.string().min(1).max(64);
const count = z.int().min(0);
const host = z.enum(['source', 'destination']);
const messagesMax = messageNames.length * messageWays.length * messagesPerNameMax;

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), atMs, status: z.enum(migrationStatuses) }),
  z.object({
    type: z.literal('parameters'),
    atMs,
    changed: z.partialRecord(z.enum(adjustableLimits), amount),
  }),
  z.object({ type: z.literal('switchover'), atMs, order: z.enum(switchoverOrders) }),
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
    host,
    running: z.boolean(),
    operations: amount,
    pagesDirtied: amount,
    stalledMs: amount,
  }),
  z.object({ type: z.literal('cut'), atMs, plannedMs: amount }),
  z.object({ type: z.literal('cut-ended'), atMs, startedAtMs: amount }),
  z.object({
    type: z.literal('messages'),
    atMs,
    host,
    messages: z
      .array(
        z.object({
          name: z.enum(messageNames),
          way: z.enum(messageWays),
          firstAtMs: amount,
          lastAtMs: amount,
          count,
          bytes: count,
        }),
      )
      .max(messagesMax),
    leftOut: count,
  }),
  z.object({
    type: z.literal('faults'),
    atMs,
    faults: z
      .array(z.object({ requestedAtMs: amount, answeredAtMs: amount, page: count, vcpu: count }))
      .max(faultsToldMax),
    leftOut: count,
  }),
]);

const whomSchema = z.object({ guestId: id.exactOptional(), migrationId: id.exactOptional() });

/** An event from the wire; null = not a valid event of this version. */
export const readEvent = (told: unknown): ToldEvent | null => {
  const event = eventSchema.safeParse(told);
  const whom = whomSchema.safeParse(told);
  return event.success && whom.success ? { ...event.data, ...whom.data } : null;
};
