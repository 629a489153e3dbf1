import type { CompletedRun, SetUp } from 'livemig/study';
import type { Plot, Series } from 'livemig/study/plots';
import { curvePlot, publishedPoint, published as publishedStyle, scaleNote } from 'livemig/study/plots';
import { links, published } from '../published.ts';
import { extraSeries, measuredSeries, missingCells, stressAxis, transferredMB } from './hybrid-curves.ts';

const { hybridTransferredPerStressedByte, hybridTransferredGBAtStress2GB } = published;

const transferredGB = (run: CompletedRun): number => transferredMB(run) / 1024;

/** The document prints the ratio and one value; its Fig. 4 has no numbers. */
const publishedSeries = (): Series[] => [
  {
    label: `published: ${hybridTransferredPerStressedByte} bytes per stressed byte`,
    origin: 'published',
    style: publishedStyle({ colour: 'soft', shape: 'square' }),
    panel: 'all',
    points: stressAxis.ticks.map((stressMB) =>
      publishedPoint(stressMB, (hybridTransferredPerStressedByte * stressMB) / 1024),
    ),
  },
  {
    label: 'published: one migration (Fig. 5)',
    origin: 'published',
    style: publishedStyle({ colour: 'ink', shape: 'diamond' }),
    panel: 'all',
    points: [publishedPoint(2048, hybridTransferredGBAtStress2GB)],
  },
];

/** The document's Fig. 4: how much crosses the link, and how much of that is sent twice. */
export const hybridTransferredPlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: {
        key: 'transferred_gb',
        title: setUp.guestScale === 1 ? 'Transferred (GiB)' : 'Transferred (GiB; measured ÷ κ_M)',
      },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...publishedSeries(),
        ...links.map((link) => measuredSeries(setUp, link, transferredGB, true)),
        ...extraSeries(setUp, 'hybrid-no-redirty', transferredGB),
      ],
    },
    {
      id: 'hybrid-transferred',
      trends: [2],
      title: 'Data transferred by hybrid migration against stressed memory',
      caption:
        'Measured (filled): bytes from source to destination as the router counts them, headers included; median, ' +
        'bars are the range of the repetitions. Published (hollow, dashed): the document’s text says twice the ' +
        'stressed memory, and 4.7 GB for one guest with 2 GB; Fig. 4 has no numbers. In the control the region is ' +
        `filled once and never dirtied again. ${scaleNote(setUp.guestScale)}`,
      isScaled: setUp.guestScale !== 1,
      missing: missingCells(setUp, 'hybrid'),
    },
  );
