import type { CompletedRun, SetUp } from 'livemig/study';
import { scaleText } from 'livemig/study';
import type { CsvTable, Plot } from 'livemig/study/plots';
import { axisValues, completedIn, figure, isNarrow, mean } from 'livemig/study/plots';
import type { Link } from '../published.ts';
import { links, linkText, published } from '../published.ts';
import type { Example } from './link-utilisation-panel.ts';
import { panelOf } from './link-utilisation-panel.ts';

/** The document's Fig. 5 is of a guest with this much stressed memory. */
const documentStressMB = 2048;
const { iperfGbps } = published;

const repeatOf = ({ sweep }: CompletedRun): number => sweep?.repeat ?? 0;

/** The link during the migration; the series begins before it and ends after it. */
const whileItRan = ({ measurement }: CompletedRun) =>
  measurement.series.link.filter(({ atMs }) => atMs >= 0 && atMs <= measurement.totalTimeMs);

/** The first completed run whose stressed memory is nearest to the document's. */
const exampleOf = (setUp: SetUp, link: Link): Example[] => {
  const candidates = axisValues(setUp, 'hybrid', 'stressMB').flatMap((stressMB) =>
    completedIn(setUp, 'hybrid', { link, stressMB }).map((run) => ({ run, stressMB })),
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
  `${linkText[link]}: mean ${figure(mean(points.map(({ gbps }) => gbps)))} of ${figure(baselineGbps)} Gb/s calibrated.`;

/** The document's Fig. 5: the link's load over one migration, against what TCP can get through it. */
export const linkUtilisationPlot = (setUp: SetUp): Plot => {
  const examples = links.flatMap((link) => exampleOf(setUp, link)).filter(({ points }) => points.length > 0);
  return {
    id: 'link-utilisation',
    trends: [],
    title: 'Link utilisation over one hybrid migration',
    description: `Bytes per second from source to destination over time. ${examples.map(describe).join(' ')}`,
    caption:
      'One run each, as the router counted it, headers included, so a full link is a little above the dotted line: ' +
      `TCP goodput as calibrated. Band: downtime. Unscaled (κ_M = ${scaleText(setUp.guestScale)}). ` +
      `The document’s Fig. 5 has no numbers; its iperf baselines are ${iperfGbps['1G']} and ${iperfGbps['10G']} Gb/s, ` +
      'reached throughout at 1 Gb/s but only in peaks at 10 Gb/s.',
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
          linkText[link],
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
      .map((link) => `no completed run with a link series at ${linkText[link]}`),
    isEmpty: examples.length === 0,
  };
};
