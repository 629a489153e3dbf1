import { publishedFigures } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import { links, measuredSeries, missingCells, publishedSeries, stressAxis } from './hybrid-curves.ts';
import type { Plot } from './plot.ts';
import { downtimeS } from './quantities.ts';

const { hybridDowntime } = publishedFigures['icclab-10g'];

/** The document's Tab. 2 and Fig. 3 with the same sweep measured here. */
export const hybridDowntimePlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: { key: 'downtime_s', title: 'Downtime (s)' },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...links.map((link) => publishedSeries(link, hybridDowntime[link])),
        ...links.map((link) => measuredSeries(setting, link, downtimeS, false)),
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
      missing: missingCells(setting, 'hybrid'),
    },
  );
