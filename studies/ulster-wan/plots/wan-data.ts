import type { Accounting, CompletedRun, SetUp } from 'livemig/study';
import { ramBytes, transferredAs } from 'livemig/study';
import type { Plot, Series, Style } from 'livemig/study/plots';
import { completedIn, curvePlot, measured, pointOf, published } from 'livemig/study/plots';
import { publishedOverRam } from '../data-table.ts';
import type { Load, Site } from '../published.ts';
import { flavours, loads, sites } from '../published.ts';
import { flavourAxis, flavourPoints, publishedRow, siteNames } from './wan.ts';

const looks: Readonly<Record<Load, Pick<Style, 'colour' | 'shape'>>> = {
  unloaded: { colour: 'a', shape: 'circle' },
  loaded: { colour: 'b', shape: 'triangle-up' },
};

/** How the table may have come about: a switch of the agent, or of how bytes are counted. */
interface Candidate {
  key: string;
  title: string;
  /** The label in part `data-table`. */
  mechanism: string;
  accounting: Accounting;
}

const candidates: readonly Candidate[] = [
  { key: 'baseline', title: 'Post-copy: each page once', mechanism: 'baseline', accounting: 'payload' },
  { key: 'hybrid', title: 'A round of pre-copy first', mechanism: 'hybrid', accounting: 'payload' },
  {
    key: 'no-dirty-bitmap',
    title: 'No dirty bitmap: all sent again',
    mechanism: 'no-dirty-bitmap',
    accounting: 'payload',
  },
  {
    key: 'uniform-pages',
    title: 'Uniform pages elided',
    mechanism: 'uniform-pages',
    accounting: 'payload',
  },
  { key: 'both', title: 'Both mechanisms', mechanism: 'both', accounting: 'payload' },
  {
    key: 'both-directions',
    title: 'Post-copy, counted both ways (rx + tx)',
    mechanism: 'baseline',
    accounting: 'both-directions',
  },
  {
    key: 'both-hosts',
    title: 'Post-copy, counted at both hosts',
    mechanism: 'baseline',
    accounting: 'both-hosts',
  },
];

/** For the guest as it was, so κ_M cancels out. */
const perRam =
  (accounting: Accounting) =>
  (run: CompletedRun): number =>
    transferredAs(run.measurement, accounting) / ramBytes(run);

const publishedPanel = (site: Site): Series[] =>
  loads.map((load) => ({
    label: `${load}, published`,
    origin: 'published',
    style: published(looks[load]),
    panel: site,
    points: publishedRow((flavour) => publishedOverRam(site, flavour, load)),
  }));

/** Plain post-copy, over the links of the table; unloaded guests have hardly anything but zero pages to send. */
const postCopyPanel = (setUp: SetUp, site: Site): Series[] =>
  loads.map((load) => ({
    label: `${load}, measured`,
    origin: 'measured',
    style: measured(looks[load]),
    panel: `post-copy ${site}`,
    points: flavourPoints(setUp, 'post-copy', { link: site, rate: 'measured', load }, perRam('payload'), 1),
  }));

const candidatePanel = (setUp: SetUp, { key, mechanism, accounting }: Candidate): Series[] =>
  loads.map((load) => ({
    label: `${load}, measured`,
    origin: 'measured',
    style: measured(looks[load]),
    panel: key,
    points: flavours.flatMap((flavour, index) =>
      pointOf(index, completedIn(setUp, 'data-table', { mechanism, load, flavour }), perRam(accounting), 1),
    ),
  }));

/** The document's contested Table IV next to the result of each candidate mechanism with the same guests. */
export const wanDataPlot = (setUp: SetUp): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: {
        key: 'transferred_per_ram',
        title: 'Bytes sent per byte of RAM',
        reference: { y: 1, label: 'RAM' },
      },
      panels: [
        ...sites.map((site) => ({ key: site, title: `Published, ${siteNames[site]}` })),
        ...sites.map((site) => ({
          key: `post-copy ${site}`,
          title: `Post-copy here, ${siteNames[site]}`,
        })),
        ...candidates,
      ],
      columns: 2,
      series: [
        ...sites.flatMap(publishedPanel),
        ...sites.flatMap((site) => postCopyPanel(setUp, site)),
        ...candidates.flatMap((candidate) => candidatePanel(setUp, candidate)),
      ],
    },
    {
      id: 'wan-data',
      trends: [11],
      title: 'Data transferred by flavour: the contested table and its candidate mechanisms',
      caption:
        'Top: Table IV over RAM: unloaded guests send about twice their RAM, loaded ones less. Second row: the same ' +
        'guests here, where a page that was never written costs a header only. Below: guests whose whole RAM is ' +
        'written, under each candidate that could explain the table, switches of the agent or of the accounting that ' +
        'are off by default. Page messages are counted; in the last two panels, interface bytes with headers. ' +
        'Median, bars are the range of the repetitions. Dotted: the RAM once. Nothing is scaled: κ_M cancels out.',
      isScaled: false,
      missing: [...new Set(candidates.map(({ mechanism }) => mechanism))]
        .filter((mechanism) => completedIn(setUp, 'data-table', { mechanism }).length === 0)
        .map((mechanism) => `no completed run of mechanism ${mechanism}`),
    },
  );
