import { z } from 'zod';

/** Where a run stands in the sweep that made it: what validation, comparison and report group runs by. */
export const sweepOfRunSchema = z
  .object({
    sweepId: z.string().describe('One invocation of `livemig sweep`, also across its resumptions'),
    name: z.string().describe("The sweep's own name"),
    experiment: z
      .string()
      .nullable()
      .describe('The published experiment that it repeats, a key of the published figures; null for none'),
    guestScale: z
      .number()
      .positive()
      .describe("Guest memory as a share of the experiment's own (κ_M); links are never scaled"),
    part: z.string().describe('The part of the sweep, a set of cells of its own'),
    cell: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .describe("Each axis's value, in the published experiment's own terms"),
    repeat: z.int().nonnegative().describe('0 for the first repetition of the cell'),
    order: z.int().nonnegative().describe('When it was run: 0 for the first run of the sweep'),
  })
  .meta({ id: 'SweepOfRun' });

export type SweepOfRun = z.infer<typeof sweepOfRunSchema>;
