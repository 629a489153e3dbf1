import { ulsterFigure } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { scaleNote } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import type { Plot } from './plot.ts';
import { totalTimeS } from './quantities.ts';
import { flavourAxis, missingOfWan, wanPanels } from './wan.ts';
import { wanSeries } from './wan-curves.ts';

/** The document's Table II with the same flavours, links and loads measured here. */
export const wanTotalTimePlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: {
        key: 'total_time_s',
        title: setting.guestScale === 1 ? 'Total time (s)' : 'Total time (s; ÷ κ_M)',
        isLog: true,
      },
      panels: wanPanels,
      columns: 2,
      series: wanSeries(
        setting,
        (...cell) => ulsterFigure('totalTime', ...cell),
        totalTimeS,
        setting.guestScale,
      ),
    },
    {
      id: 'wan-total-time',
      trends: [7, 8, 10],
      title: 'Total time of post-copy migration by flavour, link and load',
      caption:
        'Published (hollow, dashed): Table II. Measured (filled): median, bars are the range of the repetitions. ' +
        'The time axis is logarithmic and the same in all panels. Most of the published time is the software of ' +
        'its day, not the link; with faults that block the push, the measured curves show how much of it follows ' +
        `from that alone. ${scaleNote(setting.guestScale)}`,
      isScaled: setting.guestScale !== 1,
      missing: missingOfWan(setting),
    },
  );
