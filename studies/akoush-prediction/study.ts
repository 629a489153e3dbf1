import type { StudyDefinition } from 'livemig/study';
import { bandwidthChecks } from './checks/trend-15-bandwidth.ts';
import { boundChecks } from './checks/trend-15-bounds.ts';
import { dirtyRateChecks } from './checks/trend-15-dirty-rate.ts';
import { predictionChecks } from './checks/trend-15-prediction.ts';
import { contradictions } from './contradictions.ts';
import { holdingRuns, publishedRuns } from './on-paper.ts';
import { dirtyRateDowntimePlot, dirtyRateTotalTimePlot } from './plots/dirty-rate.ts';
import { predictionErrorsPlot } from './plots/prediction-errors.ts';
import { predictionTable } from './prediction-table.ts';
import { published } from './published.ts';

const study: StudyDefinition = {
  title: "pre-copy under Xen's rule against dirty rate and bandwidth, and predicted before it is made",
  document: published.document,
  what: published.what,
  trends: [
    {
      trend: 15,
      checks: [...dirtyRateChecks, ...boundChecks, ...bandwidthChecks, ...predictionChecks],
    },
  ],
  onPaper: { holding: holdingRuns, published: publishedRuns },
  contradictions,
  plots: [dirtyRateDowntimePlot, dirtyRateTotalTimePlot, predictionErrorsPlot],
  tables: [predictionTable],
};

export default study;
