import type { StudyDefinition } from 'livemig/study';
import { trend7 } from './checks/trend-7-flavours.ts';
import { trend8 } from './checks/trend-8-distance.ts';
import { trend9 } from './checks/trend-9-wan-downtime.ts';
import { trend10 } from './checks/trend-10-goodput.ts';
import { trend11 } from './checks/trend-11-contested-data.ts';
import { trend23 } from './checks/trend-23-unloaded-growth.ts';
import { trend24 } from './checks/trend-24-distance-by-bytes.ts';
import { contradictions } from './contradictions.ts';
import { dataTable } from './data-table.ts';
import { ulster } from './eras.ts';
import { holdingRuns, publishedRuns, runsWithoutSoftware } from './on-paper.ts';
import { wanDataPlot } from './plots/wan-data.ts';
import { wanDowntimePlot } from './plots/wan-downtime.ts';
import { wanTotalTimePlot } from './plots/wan-total-time.ts';
import { published } from './published.ts';

const study: StudyDefinition = {
  title: 'post-copy of five flavours over the Irish Sea and the Atlantic',
  document: published.document,
  what: published.what,
  trends: [trend7, trend8, trend9, trend10, trend11, trend23, trend24],
  onPaper: { holding: holdingRuns, published: publishedRuns, withoutSoftware: runsWithoutSoftware },
  // Short, and of both distances.
  subset: ['blocking-faults'],
  eras: [ulster],
  contradictions,
  plots: [wanTotalTimePlot, wanDowntimePlot, wanDataPlot],
  tables: [dataTable],
};

export default study;
