import type { StudyDefinition } from 'livemig/study';
import { trend1 } from './checks/trend-1-linear.ts';
import { trend2 } from './checks/trend-2-bytes-per-byte.ts';
import { trend3 } from './checks/trend-3-slope-ratio.ts';
import { trend4 } from './checks/trend-4-speed-up.ts';
import { trend5 } from './checks/trend-5-downtime.ts';
import { trend6, trend18 } from './checks/trend-6-convergence.ts';
import { trend17 } from './checks/trend-17-utilisation.ts';
import { trend19 } from './checks/trend-19-discard.ts';
import { contradictions } from './contradictions.ts';
import { openstackJuno } from './eras.ts';
import { holdingRuns, publishedRuns, runsWithoutSoftware } from './on-paper.ts';
import { hybridDowntimePlot } from './plots/hybrid-downtime.ts';
import { hybridTotalTimePlot } from './plots/hybrid-total-time.ts';
import { hybridTransferredPlot } from './plots/hybrid-transferred.ts';
import { linkUtilisationPlot } from './plots/link-utilisation.ts';
import { preCopyLimitPlot } from './plots/pre-copy-limit.ts';
import { published } from './published.ts';

const study: StudyDefinition = {
  title: 'pre-copy and hybrid under memory stress, over 1 and 10 Gb/s',
  document: published.document,
  what: published.what,
  trends: [trend1, trend2, trend3, trend4, trend5, trend6, trend17, trend18, trend19],
  onPaper: { holding: holdingRuns, published: publishedRuns, withoutSoftware: runsWithoutSoftware },
  // Both links, and every check of time, bytes and downtime.
  subset: ['hybrid'],
  eras: [openstackJuno],
  contradictions,
  plots: [
    preCopyLimitPlot,
    hybridTotalTimePlot,
    hybridDowntimePlot,
    hybridTransferredPlot,
    linkUtilisationPlot,
  ],
};

export default study;
