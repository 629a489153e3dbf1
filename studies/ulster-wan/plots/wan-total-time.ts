import type { SetUp } from 'livemig/study';
import { totalTimeS } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot, scaleNote } from 'livemig/study/plots';
import { figureOf } from '../published.ts';
import { flavourAxis, missingOfWan, wanPanels } from './wan.ts';
import { wanSeries } from './wan-curves.ts';

/** The document's Table II with the same flavours, links and loads measured here. */
export const wanTotalTimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: {
        key: 'total_time_s',
        title: setUp.guestScale === 1 ? 'Total time (s)' : 'Total time (s; ÷ κ_M)',
        isLog: true,
      },
      panels: wanPanels,
      columns: 2,
      series: wanSeries(setUp, (...cell) => figureOf('totalTime', ...cell), totalTimeS, setUp.guestScale),
    },
    {
      id: 'wan-total-time',
      trends: [7, 8, 10],
      title: 'Total time of post-copy migration by flavour, link and load',
      caption:
        'Published (hollow, dashed): Table II. Measured (filled): median, bars are the range of the repetitions. ' +
        'The time axis is logarithmic and the same in all panels. Most of the published time is the software of ' +
        'its day, not the link; with faults that block the push, the measured curves show how much of it follows ' +
        `from that alone. ${scaleNote(setUp.guestScale)}`,
      isScaled: setUp.guestScale !== 1,
      missing: missingOfWan(setUp),
    },
  );
