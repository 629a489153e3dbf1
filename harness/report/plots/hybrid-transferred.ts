import { publishedFigures } from '../../trends/published.ts';
import type { Setting } from './cells.ts';
import { publishedPoint, scaleNote } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import type { Series } from './curves.ts';
import { extraSeries, links, measuredSeries, missingCells, stressAxis } from './hybrid-curves.ts';
import type { Plot } from './plot.ts';
import { transferredMB } from './quantities.ts';
import { published } from './style.ts';
import type { CompletedRun } from '../../result.ts';

const { hybridTransferredPerStressedByte, hybridTransferredGBAtStress2GB } = publishedFigures['icclab-10g'];

const transferredGB = (run: CompletedRun): number => transferredMB(run) / 1024;

/** The document prints the ratio and one value; its Fig. 4 has no numbers. */
const publishedSeries = (): Series[] => [
  {
    label: `published: ${hybridTransferredPerStressedByte} bytes per stressed byte`,
    origin: 'published',
    style: published({ colour: 'soft', shape: 'square' }),
    panel: 'all',
    points: stressAxis.ticks.map((stressMB) =>
      publishedPoint(stressMB, (hybridTransferredPerStressedByte * stressMB) / 1024),
    ),
  },
  {
    label: 'published: one migration (Fig. 5)',
    origin: 'published',
    style: published({ colour: 'ink', shape: 'diamond' }),
    panel: 'all',
    points: [publishedPoint(2048, hybridTransferredGBAtStress2GB)],
  },
];

/** The document's Fig. 4: what crosses the link, and how much of it is sent twice. */
export const hybridTransferredPlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: stressAxis,
      y: {
        key: 'transferred_gb',
        title: setting.guestScale === 1 ? 'Transferred (GiB)' : 'Transferred (GiB; measured ÷ κ_M)',
      },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: [
        ...publishedSeries(),
        ...links.map((link) => measuredSeries(setting, link, transferredGB, true)),
        ...extraSeries(setting, 'hybrid-no-redirty', transferredGB),
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
        `filled once and never dirtied again. ${scaleNote(setting.guestScale)}`,
      isScaled: setting.guestScale !== 1,
      missing: missingCells(setting, 'hybrid'),
    },
  );
