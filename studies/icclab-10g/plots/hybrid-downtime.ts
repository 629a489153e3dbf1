import type { SetUp } from 'livemig/study';
import { downtimeS } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot } from 'livemig/study/plots';
import { links, published } from '../published.ts';
import { measuredSeries, missingCells, publishedSeries, stressAxis } from './hybrid-curves.ts';

const { hybridDowntime } = published;

/** The document's Tab. 2 and Fig. 3 with the same sweep measured here. */
export const hybridDowntimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: { key: 'downtime_s', title: 'Downtime (s)' },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...links.map((link) => publishedSeries(link, hybridDowntime[link])),
        ...links.map((link) => measuredSeries(setUp, link, downtimeS, false)),
      ],
    },
    {
      id: 'hybrid-downtime',
      trends: [5],
      title: 'Downtime of hybrid migration against stressed memory',
      caption:
        'Published (hollow, dashed): Tab. 2, printed to 0.1 s. Measured (filled, solid): from the guest’s last ' +
        'instruction at the source to its first at the destination, median, bars are the range of the repetitions. ' +
        'Seconds are as measured: downtime doesn’t grow with the guest’s memory, so nothing is divided by κ_M.',
      isScaled: false,
      missing: missingCells(setUp, 'hybrid'),
    },
  );
