import { traitsOf } from '#catalogue/strategies';
import { formatMs } from '../format.ts';
import type { Comparison } from '../prediction/compare.ts';
import type { PredictionDocument } from '../prediction/document.ts';

/** Predictions as text (pure). */

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const predictionText = (prediction: PredictionDocument, file: string | null): string => {
  const { model, strategy, link, starts, totalTimeMs, downtimeMs, history, calibrationRunIds } = prediction;
  const rule = traitsOf(strategy).stopRule === false ? '' : ` (${String(prediction.limits['convergence'])})`;
  const basis =
    calibrationRunIds.length === 0 ? 'the link alone, without calibration runs' : `${calibrationRunIds.length} calibration runs`; // prettier-ignore
  return [
    `${strategy}${rule} over ${link}, predicted by ${model} from ${starts.length === 1 ? 'one start' : `${starts.length} starts`}`,
    `  total time   ${formatMs(totalTimeMs.median)} median, ${formatMs(totalTimeMs.p90)} p90`,
    `  downtime     ${formatMs(downtimeMs.median)} median, ${formatMs(downtimeMs.p90)} p90`,
    `  history      ${history.header.scenario}, ${history.header.intervals} intervals, ${history.sha256.slice(0, 12)}`,
    `  besides      ${basis}`,
    `  digest       ${prediction.sha256.slice(0, 12)}${file === null ? '' : `, in ${file}`}`,
  ].join('\n');
};

export const comparisonText = (
  { model, strategy }: PredictionDocument,
  { runs, ...errors }: Comparison,
): string => {
  const rows = runs.map(({ runId, totalTimeMs, downtimeMs }) =>
    [
      `  ${runId.slice(0, 8)}`,
      `total ${formatMs(totalTimeMs.predicted)} predicted, ${formatMs(totalTimeMs.measured)} measured (${percent(totalTimeMs.error)})`,
      `downtime ${formatMs(downtimeMs.predicted)}, ${formatMs(downtimeMs.measured)} (${percent(downtimeMs.error)})`,
    ].join('  '),
  );
  const line = (name: string, { mean, p90 }: Comparison['totalTimeError']): string =>
    `${name}: error ${percent(mean)} on average, ${percent(p90)} p90`;
  return [
    `${strategy}, predicted by ${model}, against ${runs.length === 1 ? 'one run' : `${runs.length} runs`}`,
    ...rows,
    line('total time', errors.totalTimeError),
    line('downtime', errors.downtimeError),
  ].join('\n');
};
