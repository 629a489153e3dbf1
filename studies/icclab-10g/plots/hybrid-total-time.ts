import type { SetUp } from 'livemig/study';
import { totalTimeS } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot, scaleNote } from 'livemig/study/plots';
import { links, published } from '../published.ts';
import { extraSeries, measuredSeries, missingCells, publishedSeries, stressAxis } from './hybrid-curves.ts';

const { hybridTotalTime } = published;

/** The document's Tab. 1 and Fig. 2 with the same sweep measured here. */
export const hybridTotalTimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: {
        key: 'total_time_s',
        title: setUp.guestScale === 1 ? 'Total time (s)' : 'Total time (s; measured ÷ κ_M)',
      },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...links.map((link) => publishedSeries(link, hybridTotalTime[link], hybridTotalTime.sigma)),
        ...links.map((link) => measuredSeries(setUp, link, totalTimeS, true)),
        ...extraSeries(setUp, 'hybrid-sender-cap', totalTimeS),
      ],
    },
    {
      id: 'hybrid-total-time',
      trends: [1, 3, 4],
      title: 'Total time of hybrid migration against stressed memory',
      caption:
        'Published (hollow, dashed): Tab. 1; bars are the σ that the document gives for its first and last point. ' +
        'Measured (filled, solid): median, bars are the range of the repetitions. ' +
        `The capped sender repeats the document’s own rate at 10 Gb/s. ${scaleNote(setUp.guestScale)}`,
      isScaled: setUp.guestScale !== 1,
      missing: missingCells(setUp, 'hybrid'),
    },
  );
