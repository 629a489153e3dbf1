import type { CompletedRun } from '../../result.ts';
import { publishedFigures } from '../../trends/published.ts';
import { scaleText } from '../../trends/words.ts';
import type { CsvTable } from '../csv.ts';
import { figure } from '../figures.ts';
import type { Setting } from './cells.ts';
import { axisValues, completedIn } from './cells.ts';
import type { Link } from './hybrid-curves.ts';
import { linkName, links } from './hybrid-curves.ts';
import { panelOf } from './link-utilisation-panel.ts';
import type { Plot } from './plot.ts';
import { isNarrow } from './plot.ts';
import { mean } from './thin.ts';

/** The document's Fig. 5 is of a guest with this much stressed memory. */
const documentStressMB = 2048;
const { iperfGbps } = publishedFigures['icclab-10g'];

/** The run that stands for a link. */
export interface Example {
  link: Link;
  run: CompletedRun;
  stressMB: number;
  baselineGbps: number;
  points: { atS: number; gbps: number }[];
}

const repeatOf = ({ sweep }: CompletedRun): number => sweep?.repeat ?? 0;

/** The link while the migration ran; the series begins before it and ends after it. */
const whileItRan = ({ measurement }: CompletedRun) =>
  measurement.series.link.filter(({ atMs }) => atMs >= 0 && atMs <= measurement.totalTimeMs);

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
      points: whileItRan(run).map(({ atMs, sourceToDestinationMbps }) => ({
        atS: atMs / 1000,
        gbps: sourceToDestinationMbps / 1000,
      })),
    },
  ];
};

const csvOf = (examples: readonly Example[]): CsvTable => ({
  columns: ['link', 'stress_mb', 'run_id', 'at_s', 'source_to_destination_gbps', 'calibrated_gbps'],
  rows: examples.flatMap(({ link, stressMB, run, points, baselineGbps }) =>
    points.map(({ atS, gbps }) => [link, stressMB, run.runId, atS, gbps, baselineGbps]),
  ),
});

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
      'One run each, as the router counted it, headers included, so a full link stands a little above the dotted line: ' +
      `TCP goodput as calibrated. Band: downtime. Unscaled (κ_M = ${scaleText(setting.guestScale)}). ` +
      `The document’s Fig. 5 has no numbers; its iperf baselines are ${iperfGbps['1G']} and ${iperfGbps['10G']} Gb/s, ` +
      'reached throughout at 1 Gb/s and in peaks only at 10 Gb/s.',
    spec: (width) => {
      const columns = isNarrow(width) ? 1 : 2;
      const panel = { width: Math.floor((width - 46 - (columns - 1) * 60) / columns), height: 180 };
      return { concat: examples.map((example) => panelOf(example, panel)), columns };
    },
    csv: csvOf(examples),
    table: {
      head: ['Link', 'Stressed (GiB)', 'Mean (Gb/s)', 'Peak (Gb/s)', 'Calibrated (Gb/s)', 'Run'],
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
