import type { CompletedRun } from '../result.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { ComparedRun } from './compare.ts';
import { compared } from './compare.ts';
import type { ModelName } from './models.ts';

/**
 * A run of a sweep beside what a model predicted of it; null where nothing was predicted, or not before the run began.
 * Simulated runs have no date: they are the same whenever they are made.
 */
export const predictedAndMeasured = (run: CompletedRun, model: ModelName): ComparedRun | null => {
  const predicted = run.sweep?.predicted?.find((each) => each.model === model);
  if (predicted === undefined) return null;
  if (!isSimulated(run.driver ?? '') && Date.parse(predicted.createdAt) >= Date.parse(run.startedAt))
    return null;
  const { totalTimeMs, downtimeMs } = run.measurement;
  return {
    runId: run.runId,
    totalTimeMs: compared(predicted.totalTimeMs, totalTimeMs),
    downtimeMs: compared(predicted.downtimeMs, downtimeMs),
  };
};
