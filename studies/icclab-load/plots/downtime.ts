import type { SetUp } from 'livemig/study';
import { downtimeS } from 'livemig/study';
import type { Plot, Series, Style } from 'livemig/study/plots';
import { axisValues, completedIn, curvePlot, measured, pointOf, scaleNote } from 'livemig/study/plots';
import { missingParts, stressAxis } from './curves.ts';

/** What the document doesn't measure: how long the guest stands still with each kind of migration. */

const kinds: readonly {
  label: string;
  parts: readonly string[];
  look: Pick<Style, 'colour' | 'shape'>;
}[] = [
  { label: 'LM', parts: ['lm'], look: { colour: 'a', shape: 'circle' } },
  { label: 'BLM, guest paused', parts: ['blm', 'blm-small'], look: { colour: 'b', shape: 'triangle-up' } },
  { label: 'BLM, live', parts: ['blm-live'], look: { colour: 'c', shape: 'square' } },
];

const ticks = [0, 48, 96];

export const downtimePlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: stressAxis(ticks),
      y: { key: 'downtime_s', title: 'Downtime (s)', isLog: true },
      panels: [{ key: 'all', title: '' }],
      columns: 1,
      series: kinds.map(({ label, parts, look }): Series => ({
        label,
        origin: 'measured',
        style: measured(look),
        panel: 'all',
        points: parts.flatMap((part) =>
          axisValues(setUp, part, 'stressMB')
            .filter((at) => at <= ticks.at(-1)!)
            .flatMap((at) =>
              pointOf(at, completedIn(setUp, part, { network: 'idle', stressMB: at }), downtimeS, 1),
            ),
        ),
      })),
    },
    {
      id: 'load-downtime',
      trends: [20],
      title: 'Downtime of LM, BLM and live block migration, idle link',
      caption:
        'The document has no downtimes. Its BLM paused the guest; live block migration is what its software can do today. ' +
        `Measured: median, bars are the range of the repetitions. Up to 96 MB neither stress nor downtime is scaled. ${scaleNote(setUp.guestScale)}`,
      isScaled: false,
      missing: missingParts(
        setUp,
        kinds.flatMap(({ parts }) => [...parts]),
      ),
    },
  );
