import { ulsterFigure } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import type { Plot } from './plot.ts';
import { downtimeS } from './quantities.ts';
import { flavourAxis, missingOfWan, wanPanels } from './wan.ts';
import { wanSeries } from './wan-curves.ts';

/** The document's Table III with the same flavours, links and loads measured here. */
export const wanDowntimePlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: { key: 'downtime_s', title: 'Downtime (s)' },
      panels: wanPanels,
      columns: 2,
      series: wanSeries(setting, (...cell) => ulsterFigure('downtime', ...cell), downtimeS, 1),
    },
    {
      id: 'wan-downtime',
      trends: [9],
      title: 'Downtime of post-copy migration by flavour, link and load',
      caption:
        'Published (hollow, dashed): Table III, printed to 0.1 s. Measured (filled): median, bars are the range of ' +
        'the repetitions; seconds are as measured, not divided by κ_M.',
      isScaled: false,
      missing: missingOfWan(setting),
    },
  );
