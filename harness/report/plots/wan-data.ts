import type { Load, UlsterSite } from '../../trends/published.ts';
import { flavours, loads, ulsterFigure, ulsterSites } from '../../trends/published.ts';
import type { CompletedRun } from '../../result.ts';
import type { Setting } from './cells.ts';
import { completedIn, pointOf } from './cells.ts';
import { curvePlot } from './curve-plot.ts';
import type { Series } from './curves.ts';
import type { Plot } from './plot.ts';
import { transferredAs } from '../../measure/accounting.ts';
import type { Accounting } from '../../measure/accounting.ts';
import type { Style } from './style.ts';
import { measured, published } from './style.ts';
import { flavourAxis, flavourPoints, publishedRow, ramMBOf, siteNames } from './wan.ts';

const looks: Readonly<Record<Load, Pick<Style, 'colour' | 'shape'>>> = {
  unloaded: { colour: 'a', shape: 'circle' },
  loaded: { colour: 'b', shape: 'triangle-up' },
};

/** Ways in which the table may have come about: a switch of the agent, or of how bytes are counted. */
interface Candidate {
  key: string;
  title: string;
  /** The label in part `data-table`. */
  mechanism: string;
  accounting: Accounting;
}

const candidates: readonly Candidate[] = [
  { key: 'baseline', title: 'Baseline: each page once', mechanism: 'baseline', accounting: 'payload' },
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
    title: 'Baseline, counted both ways (rx + tx)',
    mechanism: 'baseline',
    accounting: 'both-directions',
  },
  {
    key: 'both-hosts',
    title: 'Baseline, counted at both hosts',
    mechanism: 'baseline',
    accounting: 'both-hosts',
  },
];

/** Of the guest as it was, so that κ_M cancels out. */
const perRam =
  (accounting: Accounting) =>
  ({ measurement, scenario }: CompletedRun): number =>
    transferredAs(measurement, accounting) / scenario.guest.ramBytes;

const publishedPanel = (site: UlsterSite): Series[] =>
  loads.map((load) => ({
    label: `${load}, published`,
    origin: 'published',
    style: published(looks[load]),
    panel: site,
    points: publishedRow((flavour) => ulsterFigure('transferredMB', site, flavour, load) / ramMBOf(flavour)),
  }));

/** Post-copy as it is, over the links of the table; unloaded guests have hardly anything but zero pages to send. */
const postCopyPanel = (setting: Setting, site: UlsterSite): Series[] =>
  loads.map((load) => ({
    label: `${load}, measured`,
    origin: 'measured',
    style: measured(looks[load]),
    panel: `post-copy ${site}`,
    points: flavourPoints(setting, 'post-copy', { link: site, rate: 'measured', load }, perRam('payload'), 1),
  }));

const candidatePanel = (setting: Setting, { key, mechanism, accounting }: Candidate): Series[] =>
  loads.map((load) => ({
    label: `${load}, measured`,
    origin: 'measured',
    style: measured(looks[load]),
    panel: key,
    points: flavours.flatMap((flavour, index) =>
      pointOf(index, completedIn(setting, 'data-table', { mechanism, load, flavour }), perRam(accounting), 1),
    ),
  }));

/** The document's contested Table IV beside what each candidate mechanism makes of the same guests. */
export const wanDataPlot = (setting: Setting): Plot =>
  curvePlot(
    {
      x: flavourAxis,
      y: {
        key: 'transferred_per_ram',
        title: 'Bytes sent per byte of RAM',
        reference: { y: 1, label: 'RAM' },
      },
      panels: [
        ...ulsterSites.map((site) => ({ key: site, title: `Published, ${siteNames[site]}` })),
        ...ulsterSites.map((site) => ({
          key: `post-copy ${site}`,
          title: `Post-copy here, ${siteNames[site]}`,
        })),
        ...candidates,
      ],
      columns: 2,
      series: [
        ...ulsterSites.flatMap(publishedPanel),
        ...ulsterSites.flatMap((site) => postCopyPanel(setting, site)),
        ...candidates.flatMap((candidate) => candidatePanel(setting, candidate)),
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
        'are off by default. Page messages are counted, but in the last two panels interface bytes, headers included. ' +
        'Median, bars are the range of the repetitions. Dotted: the RAM once. Nothing is scaled: κ_M cancels out.',
      isScaled: false,
      missing: [...new Set(candidates.map(({ mechanism }) => mechanism))]
        .filter((mechanism) => completedIn(setting, 'data-table', { mechanism }).length === 0)
        .map((mechanism) => `no completed run of mechanism ${mechanism}`),
    },
  );
