import { inkOf } from '../palette.ts';
import type { Spec } from './render.ts';
import type { TimelineData } from './timeline-data.ts';

/** A data set of a panel. */
type PanelData = TimelineData | 'service';

/** Common parts of the panels of a run's timeline. */

/** In px, of a phone and of a page. */
export const panelWidths = { narrow: 308, wide: 660 } as const;
export const panelHeight = 54;

export const data = (name: PanelData | `no-${PanelData}`) => ({ data: { name } });

const time = { field: 'at', type: 'quantitative' } as const;
const sharedTime = (isLast: boolean) => ({
  ...time,
  title: isLast ? 'Time after the start of the migration (s)' : null,
  axis: { labels: isLast, ticks: isLast, domain: true, tickCount: 6 },
  scale: { nice: false, zero: false },
});

export const byHost = {
  stroke: {
    field: 'host',
    type: 'nominal',
    legend: null,
    scale: { domain: ['source', 'destination'], range: [inkOf('a'), inkOf('b')] },
  },
  strokeDash: {
    field: 'host',
    type: 'nominal',
    legend: null,
    scale: {
      domain: ['source', 'destination'],
      range: [
        [1, 0],
        [4, 2],
      ],
    },
  },
} as const;

export const byDirection = {
  stroke: {
    ...byHost.stroke,
    field: 'direction',
    scale: { domain: ['there', 'back'], range: [inkOf('a'), inkOf('b')] },
  },
  strokeDash: {
    ...byHost.strokeDash,
    field: 'direction',
    scale: { domain: ['there', 'back'], range: byHost.strokeDash.scale.range },
  },
} as const;

/** Behind every panel: the downtime, the time of a link cut, the entries of a timeline, and the migration's start and end. */
const backdrop = (x: Spec): Spec[] => [
  {
    ...data('band'),
    mark: { type: 'rect', fill: inkOf('band'), stroke: inkOf('bad'), strokeWidth: 0.6 },
    encoding: { x, x2: { field: 'until' } },
  },
  {
    ...data('cuts'),
    mark: { type: 'rect', fill: inkOf('wash'), stroke: inkOf('open'), strokeWidth: 0.6, strokeDash: [3, 2] },
    encoding: { x, x2: { field: 'until' } },
  },
  {
    ...data('entries'),
    mark: { type: 'rule', stroke: inkOf('open'), strokeDash: [1, 2], strokeWidth: 1 },
    encoding: { x },
  },
  {
    ...data('ends'),
    mark: { type: 'rule', stroke: inkOf('axis'), strokeDash: [2, 2], strokeWidth: 0.75 },
    encoding: { x },
  },
];

/** Says that a series is missing, if its data set `no-…` has a row. */
export const nothing = (name: PanelData, width: number): Spec => ({
  ...data(`no-${name}`),
  mark: { type: 'text', color: inkOf('soft'), fontSize: 10 },
  encoding: { text: { field: 'text' }, x: { value: width / 2 }, y: { value: panelHeight / 2 } },
});

export const measure = (field: string, format: string, scale: Spec = {}) => ({
  field,
  type: 'quantitative',
  title: null,
  axis: { tickCount: 3, format },
  scale: { zero: true, ...scale },
});

/** @param width in px, of the panel without its axis */
export const panelOf =
  (width: number) =>
  (title: string, name: PanelData, layers: (x: Spec) => Spec[], isLast = false): Spec => {
    const x = sharedTime(isLast);
    return {
      width,
      height: panelHeight,
      title: { text: title, fontSize: 11, fontWeight: 'normal', offset: 4 },
      layer: [...backdrop(x), ...layers(x), nothing(name, width)],
    };
  };

export const line = (name: PanelData, encoding: Spec, width = 1.25): Spec => ({
  ...data(name),
  mark: { type: 'line', strokeWidth: width },
  encoding,
});
