/**
 * What a study's checks are made of; `livemig/study` for those outside the project. The only way from a study into the
 * harness, besides `livemig/study/plots`.
 */

export type { Accounting } from './measure/accounting.ts';
export { accountings, transferredAs } from './measure/accounting.ts';
export type { CompletedRun, RunResult } from './result.ts';
export type { Cell, Labels, SetUp } from './trends/set-ups.ts';
export type {
  Check,
  CheckOptions,
  Contradiction,
  Control,
  Finding,
  JudgeOptions,
  OnPaper,
  StudyDefinition,
  StudyTable,
  Trend,
} from './trends/study.ts';

/** What the documents' software added. */
export type { Era, EraConstant } from './trends/era.ts';

/** What was measured: cells of a set-up, and figures of their runs. */
export type { Needs, PointOfAxis, Runs } from './trends/needs.ts';
export {
  bandwidthMbps,
  bandwidthOf,
  bytesPerMs,
  cpuShareText,
  downtimeMs,
  downtimeS,
  ramBytes,
  totalTimeMs,
  totalTimeS,
} from './trends/run-figures.ts';
export { downtimeDifference } from './trends/downtime-split.ts';
export { hasFailed } from './trends/outcome.ts';

/** Statistics; `draw` is what makes an interval of them. */
export type { Draw, Line } from './trends/statistics.ts';
export { everything, fitLine, leastBy, medianOf, mostBy } from './trends/statistics.ts';
export { percentile, sorted } from './measure/statistics.ts';
export { isWithin, marginOf } from './trends/tolerances.ts';

/** Predictions, and their errors on runs that they knew nothing of. */
export type { ComparedRun, Comparison } from './prediction/compare.ts';
export { compareWithRuns } from './prediction/compare.ts';
export type { PredictionDocument } from './prediction/document.ts';
export { readPrediction } from './prediction/document.ts';
export type { ModelName } from './prediction/models.ts';
export { modelNames } from './prediction/models.ts';
export { predictedAndMeasured } from './prediction/of-run.ts';

/** Figures in sentences. */
export { figure, percent, range, scaleText, seconds } from './trends/words.ts';
export { formatBytes } from './format.ts';
export { mebibyte, pageSizeBytes } from '#proto/units';

/** Runs on paper, and what spoils them. */
export type { PaperRun } from './trends/paper-run.ts';
export { asIn, isIn, longerPause, physicalTimeMs, repeated, slower, where } from './trends/paper-run.ts';
