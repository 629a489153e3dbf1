import type { SetUp } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot, publishedPoint, scaleNote } from 'livemig/study/plots';
import { kinds, kindText, published, trafficS } from '../published.ts';
import { looks, measuredSeries, missingParts, publishedSeries, timeTitle } from './curves.ts';

const { trafficMbps: rates } = published.networkTraffic;
const lookOf = { lm: looks.first, blm: looks.second };

/** The document's Table 1 and Chart 1 with the same sweep measured here. */
export const trafficPlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: {
        key: 'traffic_mbps',
        title: 'Traffic beside the migration (Mb/s)',
        ticks: rates,
        labels: rates.map(String),
        isCategory: false,
      },
      y: { key: 'total_time_s', title: timeTitle(setUp) },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: kinds.flatMap((kind) => [
        publishedSeries(
          kindText[kind],
          lookOf[kind],
          rates.map((rate) => publishedPoint(rate, trafficS(kind, rate))),
        ),
        measuredSeries(setUp, {
          label: kindText[kind],
          look: lookOf[kind],
          part: `${kind}-traffic`,
          axis: 'trafficMbps',
        }),
      ]),
    },
    {
      id: 'load-traffic',
      trends: [12, 25],
      title: 'Total time against link traffic',
      caption:
        'Published (hollow, dashed): Table 1. Measured (filled, solid): median, bars are the range of the repetitions. ' +
        `LM: pre-copy without a disk; BLM: stop-and-copy with one. ${scaleNote(setUp.guestScale)}`,
      isScaled: setUp.guestScale !== 1,
      missing: missingParts(
        setUp,
        kinds.map((kind) => `${kind}-traffic`),
      ),
    },
  );
