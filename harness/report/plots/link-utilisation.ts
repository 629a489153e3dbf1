import { publishedFigures } from '../../trends/published.ts';
import type { CsvTable } from '../csv.ts';
import { figure } from '../figures.ts';
import { inkOf } from '../palette.ts';
import type { CompletedRun } from '../../result.ts';
import type { Setting } from './cells.ts';
import { scaleText } from '../../trends/words.ts';
import { axisValues, completedIn } from './cells.ts';
import type { Link } from './hybrid-curves.ts';
import { linkName, links } from './hybrid-curves.ts';
import { linearTicks } from './ticks.ts';
import { seriesOf } from './series.ts';
import type { Plot } from './plot.ts';
import { isNarrow } from './plot.ts';
import { plainNumber } from './config.ts';
import type { Spec } from './render.ts';

/** The document's Fig. 5 is of a guest with this much stressed memory. */
const documentStressMB = 2048;
const { iperfGbps } = publishedFigures['icclab-10g'];

interface Example {
  link: Link;
  run: CompletedRun;
  stressMB: number;
  baselineGbps: number;
  points: { atS: number; gbps: number }[];
}

const repeatOf = ({ sweep }: CompletedRun): number => sweep?.repeat ?? 0;

/** The first completed run whose stressed memory is nearest to the document's. */
const exampleOf = (setting: Setting, link: Link): Example[] => {
  const candidates = axisValues(setting, 'hybrid', 'stressMB').flatMap((stressMB) =>
    completedIn(setting, 'hybrid', { link, stressMB }).map((run) => ({ run, stressMB })),
  );
  const [nearest] = candidates.sort(
    (one, other) =>
      Math.abs(one.stressMB - documentStressMB) - Math.abs(other.stressMB - documentStressMB) ||
      repeatOf(one.run) - repeatOf(other.run),
  );
  if (nearest === undefined) return [];
  const { run, stressMB } = nearest;
  return [
    {
      link,
      run,
      stressMB,
      baselineGbps: (run.link.calibration?.goodputMbps ?? 0) / 1000,
      points: seriesOf(run.measurement).link.map(({ atMs, sourceToDestinationMbps }) => ({
        atS: atMs / 1000,
        gbps: sourceToDestinationMbps / 1000,
      })),
    },
  ];
};

const panelOf = (example: Example, size: { width: number; height: number }): Spec => {
  const { run, baselineGbps, points, link } = example;
  const { downtimeStartMs, downtimeMs, totalTimeMs } = run.measurement;
  const ceiling = Math.max(baselineGbps, ...points.map(({ gbps }) => gbps)) * 1.18;
  const x = {
    field: 'atS',
    type: 'quantitative',
    title: 'Time after the start (s)',
    scale: { domain: [0, totalTimeMs / 1000], nice: false },
    axis: { tickCount: 6 },
  };
  const y = {
    field: 'gbps',
    type: 'quantitative',
    title: null,
    scale: { domain: [0, ceiling], nice: false },
    axis: { values: linearTicks(ceiling), format: plainNumber },
  };
  const band = [{ atS: downtimeStartMs / 1000, untilS: (downtimeStartMs + downtimeMs) / 1000 }];
  const baseline = [{ gbps: baselineGbps, atS: 0, text: `calibrated: ${figure(baselineGbps)} Gb/s` }];
  return {
    ...size,
    title: {
      text: `${linkName[link]}, ${figure(example.stressMB / 1024)} GB stressed`,
      subtitle: 'On the link (Gb/s)',
    },
    layer: [
      {
        data: { values: band },
        mark: { type: 'rect', fill: inkOf('band'), stroke: inkOf('bad'), strokeWidth: 0.75 },
        encoding: { x, x2: { field: 'untilS' } },
      },
      {
        data: { values: points },
        mark: { type: 'line', stroke: inkOf(link === '1G' ? 'a' : 'b'), strokeWidth: 1.5 },
        encoding: { x, y },
      },
      {
        data: { values: baseline },
        mark: { type: 'rule', stroke: inkOf('ink'), strokeDash: [2, 3] },
        encoding: { y },
      },
      {
        data: { values: baseline },
        mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 3, dy: -3, color: inkOf('ink') },
        encoding: { x, y, text: { field: 'text' } },
      },
    ],
  };
};

const csvOf = (examples: readonly Example[]): CsvTable => ({
  columns: ['link', 'stress_mb', 'run_id', 'at_s', 'source_to_destination_gbps', 'calibrated_gbps'],
  rows: examples.flatMap(({ link, stressMB, run, points, baselineGbps }) =>
    points.map(({ atS, gbps }) => [link, stressMB, run.runId, atS, gbps, baselineGbps]),
  ),
});

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const describe = ({ link, points, baselineGbps }: Example): string =>
  `${linkName[link]}: mean ${figure(mean(points.map(({ gbps }) => gbps)))} of ${figure(baselineGbps)} Gb/s calibrated.`;

/** The document's Fig. 5: the link's load over one migration, against what TCP can get through it. */
export const linkUtilisationPlot = (setting: Setting): Plot => {
  const examples = links
    .flatMap((link) => exampleOf(setting, link))
    .filter(({ points }) => points.length > 0);
  return {
    id: 'link-utilisation',
    trends: [],
    title: 'Link utilisation over one hybrid migration',
    description: `Bytes a second from source to destination over time. ${examples.map(describe).join(' ')}`,
    caption:
      'One run each, as the router counted it, unscaled ' +
      `(κ_M = ${scaleText(setting.guestScale)}); dotted: TCP goodput calibrated before the run; band: downtime. ` +
      `The document’s Fig. 5 has no numbers; its iperf baselines are ${iperfGbps['1G']} and ${iperfGbps['10G']} Gb/s, ` +
      'reached throughout at 1 Gb/s and in peaks only at 10 Gb/s.',
    spec: (width) => {
      const columns = isNarrow(width) ? 1 : 2;
      const panel = { width: Math.floor((width - 46 - (columns - 1) * 60) / columns), height: 180 };
      return { concat: examples.map((example) => panelOf(example, panel)), columns };
    },
    csv: csvOf(examples),
    table: {
      head: ['Link', 'Stressed (GB)', 'Mean (Gb/s)', 'Peak (Gb/s)', 'Calibrated (Gb/s)', 'Run'],
      rows: examples.map(({ link, stressMB, points, baselineGbps, run }) => {
        const rates = points.map(({ gbps }) => gbps);
        const peak = figure(Math.max(...rates));
        return [
          linkName[link],
          figure(stressMB / 1024),
          figure(mean(rates)),
          peak,
          figure(baselineGbps),
          run.runId,
        ];
      }),
    },
    missing: links
      .filter((link) => !examples.some((example) => example.link === link))
      .map((link) => `no completed run with a link series at ${linkName[link]}`),
    isEmpty: examples.length === 0,
  };
};
