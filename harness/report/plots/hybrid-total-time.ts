import { publishedFigures } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { scaleNote } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import {
  extraSeries,
  links,
  measuredSeries,
  missingCells,
  publishedSeries,
  stressAxis,
} from './hybrid-curves.ts';
import type { Plot } from './plot.ts';
import { totalTimeS } from './quantities.ts';

const { hybridTotalTime } = publishedFigures['icclab-10g'];

/** The document's Tab. 1 and Fig. 2 with the same sweep measured here. */
export const hybridTotalTimePlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: {
        key: 'total_time_s',
        title: setting.guestScale === 1 ? 'Total time (s)' : 'Total time (s; measured ÷ κ_M)',
      },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...links.map((link) => publishedSeries(link, hybridTotalTime[link], hybridTotalTime.sigma)),
        ...links.map((link) => measuredSeries(setting, link, totalTimeS, true)),
        ...extraSeries(setting, 'hybrid-sender-cap', totalTimeS),
      ],
    },
    {
      id: 'hybrid-total-time',
      trends: [1, 3, 4],
      title: 'Total time of hybrid migration against stressed memory',
      caption:
        'Published (hollow, dashed): Tab. 1; bars are the σ that the document gives for its first and last point. ' +
        'Measured (filled, solid): median, bars are the range of the repetitions. ' +
        `The capped sender repeats the document’s own rate at 10 Gb/s. ${scaleNote(setting.guestScale)}`,
      isScaled: setting.guestScale !== 1,
      missing: missingCells(setting, 'hybrid'),
    },
  );
