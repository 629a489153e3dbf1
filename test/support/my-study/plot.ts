import type { SetUp } from 'livemig/study';
import { totalTimeS } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { axisValues, completedIn, curvePlot, measured, pointOf } from 'livemig/study/plots';

const sizes = [64, 128, 256];

export const totalTimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: { key: 'ram_mb', title: 'RAM (MB)', ticks: sizes, labels: sizes.map(String), isCategory: false },
      y: { key: 'total_time_s', title: 'Total time (s)' },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        {
          label: 'measured',
          origin: 'measured',
          style: measured({ colour: 'a', shape: 'circle' }),
          panel: 'all',
          points: axisValues(setUp, 'idle', 'ramMB').flatMap((ramMB) =>
            pointOf(ramMB, completedIn(setUp, 'idle', { ramMB }), totalTimeS, 1),
          ),
        },
      ],
    },
    {
      id: 'idle-total-time',
      trends: [1],
      title: 'Total time of an idle guest by its RAM',
      caption: 'Median of the repetitions, bars are their range; nothing is scaled.',
      isScaled: false,
      missing: [],
    },
  );
