import type { StudyDefinition } from 'livemig/study';
import { trend12 } from './checks/trend-12-traffic.ts';
import { trend13 } from './checks/trend-13-stress.ts';
import { trend14, trend22 } from './checks/trend-14-cpu.ts';
import { trend20, trend21, trend25 } from './checks/trend-20-busy.ts';
import { contradictions } from './contradictions.ts';
import { openstackIcehouse } from './eras.ts';
import { holdingRuns, publishedRuns, runsWithoutSoftware } from './on-paper.ts';
import { blmStressPlot, lmStressPlot } from './plots/stress.ts';
import { downtimePlot } from './plots/downtime.ts';
import { trafficPlot } from './plots/traffic.ts';
import { published } from './published.ts';

const study: StudyDefinition = {
  title: 'live and block migration beside link traffic and CPU load, over a gigabit',
  document: published.document,
  what: published.what,
  trends: [trend12, trend13, trend14, trend20, trend21, trend22, trend25],
  onPaper: { holding: holdingRuns, published: publishedRuns, withoutSoftware: runsWithoutSoftware },
  eras: [openstackIcehouse],
  contradictions,
  plots: [trafficPlot, blmStressPlot, lmStressPlot, downtimePlot],
};

export default study;
