import { z } from 'zod';
import { modelNames } from '../prediction/models.ts';

/** What a model predicted of a run before it began. */
export const predictedSchema = z
  .object({
    model: z.enum(modelNames).describe('The model that predicted it'),
    totalTimeMs: z.number().nonnegative().describe('Predicted total time, in ms'),
    downtimeMs: z.number().nonnegative().describe('Predicted downtime, in ms'),
    createdAt: z.iso.datetime().describe('When it was predicted'),
    sha256: z.string().describe('Digest of the prediction, which is stored beside the runs'),
  })
  .meta({ id: 'Predicted' });

export type PredictedOfRun = z.infer<typeof predictedSchema>;

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
    searched: z
      .string()
      .optional()
      .describe(
        'The axis whose value a bisection chose, by how the runs before ended; absent where a grid did',
      ),
    repeat: z.int().nonnegative().describe('0 for the first repetition of the cell'),
    predicted: z
      .array(predictedSchema)
      .optional()
      .describe('What was predicted of the run before it began, by model; absent where nothing was'),
    order: z.int().nonnegative().describe('When it was run: 0 for the first run of the sweep'),
  })
  .meta({ id: 'SweepOfRun' });

export type SweepOfRun = z.infer<typeof sweepOfRunSchema>;
