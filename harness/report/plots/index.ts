import type { Experiment } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { hybridDowntimePlot } from './hybrid-downtime.ts';
import { hybridTotalTimePlot } from './hybrid-total-time.ts';
import { hybridTransferredPlot } from './hybrid-transferred.ts';
import { linkUtilisationPlot } from './link-utilisation.ts';
import type { Plot } from './plot.ts';
import { preCopyLimitPlot } from './pre-copy-limit.ts';
import { wanDataPlot } from './wan-data.ts';
import { wanDowntimePlot } from './wan-downtime.ts';
import { wanTotalTimePlot } from './wan-total-time.ts';

/** The plots of each experiment, in the order in which its document tells of them. A new plot is a line here. */
export const plotsOf: Readonly<Record<Experiment, readonly ((setting: Setting) => Plot)[]>> = {
  'icclab-10g': [
    preCopyLimitPlot,
    hybridTotalTimePlot,
    hybridDowntimePlot,
    hybridTransferredPlot,
    linkUtilisationPlot,
  ],
  'ulster-wan': [wanTotalTimePlot, wanDowntimePlot, wanDataPlot],
};
