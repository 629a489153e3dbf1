import type { SetUp } from 'livemig/study';
import type { Plot } from 'livemig/study/plots';
import { curvePlot, publishedPoint, scaleNote } from 'livemig/study/plots';
import type { Kind } from '../published.ts';
import { kindText, networks, stressRows } from '../published.ts';
import { looks, measuredSeries, missingParts, publishedSeries, stressAxis, timeTitle } from './curves.ts';

const lookOf = { idle: looks.first, busy: looks.second };

const stressPlot =
  (kind: Kind, trends: number[], note: string) =>
  (setUp: SetUp): Plot => {
    const stressMB = stressRows(kind, 'idle').map((row) => row.stressMB);
    // Those below are on top of each other on the axis of BLM.
    const ticks = kind === 'lm' ? stressMB : stressMB.filter((each) => each === 0 || each >= 896);
    return curvePlot(
      {
        x: stressAxis(ticks),
        y: { key: 'total_time_s', title: timeTitle(setUp) },
        panels: [{ key: 'all', title: '' }],
        columns: 1,
        series: networks.flatMap((network) => [
          publishedSeries(
            `${network} link`,
            lookOf[network],
            stressRows(kind, network).flatMap(({ stressMB: at, seconds }) =>
              seconds === null ? [] : [publishedPoint(at, seconds)],
            ),
          ),
          measuredSeries(
            setUp,
            { label: `${network} link`, look: lookOf[network], part: kind, axis: 'stressMB' },
            { network },
          ),
        ]),
      },
      {
        id: `load-${kind}-stress`,
        trends,
        title: `Total time of ${kindText[kind]} against stressed memory`,
        caption: `Published (hollow, dashed): Table ${kind === 'lm' ? '3' : '2'}. Measured (filled, solid): median, bars are the range of the repetitions. ${note} ${scaleNote(setUp.guestScale)}`,
        isScaled: setUp.guestScale !== 1,
        missing: missingParts(setUp, [kind]),
      },
    );
  };

/** The document's Table 2 and Chart 2. */
export const blmStressPlot = stressPlot('blm', [12, 13, 20, 21], 'Stress is scaled by κ_M.');

/** The document's Table 3 and Chart 3. */
export const lmStressPlot = stressPlot(
  'lm',
  [13, 21],
  'Stress is not scaled: what converges depends on the link, which is not either.',
);
