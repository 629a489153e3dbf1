import type { SetUp } from 'livemig/study';
import { downtimeS } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot } from 'livemig/study/plots';
import { figureOf } from '../published.ts';
import { flavourAxis, missingOfWan, wanPanels } from './wan.ts';
import { wanSeries } from './wan-curves.ts';

/** The document's Table III with the same flavours, links and loads measured here. */
export const wanDowntimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: { key: 'downtime_s', title: 'Downtime (s)' },
      panels: wanPanels,
      columns: 2,
      series: wanSeries(setUp, (...cell) => figureOf('downtime', ...cell), downtimeS, 1),
    },
    {
      id: 'wan-downtime',
      trends: [9],
      title: 'Downtime of post-copy migration by flavour, link and load',
      caption:
        'Published (hollow, dashed): Table III, printed to 0.1 s. Measured (filled): median, bars are the range of ' +
        'the repetitions; seconds are as measured, not divided by κ_M.',
      isScaled: false,
      missing: missingOfWan(setUp),
    },
  );
