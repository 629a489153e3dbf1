import { inkOf } from '../palette.ts';
import type { Curves, Series } from './curves.ts';
import { rowsOf, yDomain } from './curves.ts';
import { legendView } from './legend.ts';
import { isNarrow } from './plot.ts';
import { plainNumber } from './config.ts';
import { logTicks } from './ticks.ts';
import type { Spec } from './render.ts';
import { literal } from './style.ts';

const axisRoomPx = 46;
const panelRoomPx = 36;
const barCapPx = 7;

const xEncoding = ({ x }: Curves, isLabelled: boolean) => {
  const margin = x.isCategory ? 0.4 : 0.02 * (Math.max(...x.ticks) - Math.min(...x.ticks));
  const labels = Object.fromEntries(x.ticks.map((tick, index) => [String(tick), x.labels[index] ?? '']));
  return {
    field: 'x',
    type: 'quantitative',
    title: isLabelled ? x.title : null,
    scale: {
      domain: [Math.min(...x.ticks) - margin, Math.max(...x.ticks) + margin],
      nice: false,
      zero: false,
    },
    axis: { values: x.ticks, labelExpr: `${JSON.stringify(labels)}[datum.value]` },
  };
};

/** Lines under error bars under points, so that a hollow symbol stays hollow. */
const layers = (curves: Curves, domain: readonly [number, number], isLowest: boolean): Spec[] => {
  const x = xEncoding(curves, isLowest);
  const isLog = curves.y.isLog ?? false;
  const scale = isLog ? { type: 'log', domain, nice: false } : { domain, nice: false, zero: true };
  const axis = isLog
    ? { values: logTicks(domain), format: plainNumber }
    : { tickCount: 6, format: plainNumber };
  const y = { field: 'y', type: 'quantitative', title: null, scale, axis };
  const stroke = literal('stroke');
  const withRange = [{ filter: 'datum.hasRange' }];
  const cap = (field: string): Spec => ({
    transform: withRange,
    mark: { type: 'tick', orient: 'horizontal', thickness: 1.5, size: barCapPx },
    encoding: { x, y: { ...y, field }, color: stroke },
  });
  return [
    {
      mark: { type: 'line', strokeWidth: 1.75 },
      encoding: { x, y, detail: { field: 'series' }, stroke, strokeDash: literal('dash') },
    },
    {
      transform: withRange,
      mark: { type: 'rule', strokeWidth: 1.5 },
      encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, stroke },
    },
    cap('low'),
    cap('high'),
    {
      mark: { type: 'point', size: 45, strokeWidth: 1.5, opacity: 1 },
      encoding: { x, y, stroke, fill: literal('fill'), shape: literal('shape') },
    },
  ];
};

const referenceLayers = ({ y, x }: Curves): Spec[] =>
  y.reference === undefined
    ? []
    : [
        {
          data: { values: [{ y: y.reference.y, x: Math.min(...x.ticks), label: y.reference.label }] },
          mark: { type: 'rule', strokeDash: [1, 3], color: inkOf('soft'), strokeWidth: 1.25 },
          encoding: { y: { field: 'y', type: 'quantitative' } },
        },
      ];

/** The y axis's title is above it, so that it reads horizontally. */
const titleOf = (title: string, yTitle: string): Spec =>
  title === '' ? { text: yTitle, fontWeight: 'normal' } : { text: title, subtitle: yTitle };

const panelView = (
  curves: Curves,
  panel: Curves['panels'][number],
  domain: readonly [number, number],
  size: { width: number; height: number },
  isLowest: boolean,
): Spec => {
  const series = curves.series.filter((one) => one.panel === panel.key);
  const isEmpty = series.every(({ points }) => points.length === 0);
  const nothing: Spec = {
    data: { values: [{ text: 'no completed run' }] },
    mark: { type: 'text', color: inkOf('soft'), fontSize: 11 },
    encoding: { text: { field: 'text' } },
  };
  return {
    ...size,
    title: titleOf(panel.title, curves.y.title),
    data: { values: rowsOf(series, curves.x.isCategory) },
    layer: [...referenceLayers(curves), ...layers(curves, domain, isLowest), ...(isEmpty ? [nothing] : [])],
  };
};

/** One legend entry for each name, whatever the panel. */
const entriesOf = (series: readonly Series[]): Series[] => [
  ...new Map(series.map((one) => [one.label, one])).values(),
];

/** The whole drawing: a legend, and the panels in as many columns as fit. */
export const curveSpec = (curves: Curves, width: number): Spec => {
  const columns = isNarrow(width) ? 1 : curves.columns;
  const panelWidth = Math.floor((width - axisRoomPx - (columns - 1) * (panelRoomPx + 24)) / columns);
  const height = curves.panels.length === 1 ? (isNarrow(width) ? 240 : 320) : 180;
  const { y, series } = curves;
  const shared = yDomain(series, y);
  const views = curves.panels.map((panel, index) => {
    const domain =
      y.isIndependent === true
        ? yDomain(
            series.filter((one) => one.panel === panel.key),
            y,
          )
        : shared;
    const isLowest = index >= curves.panels.length - columns;
    return panelView(curves, panel, domain, { width: panelWidth, height }, isLowest);
  });
  return {
    vconcat: [
      legendView(entriesOf(series), width - axisRoomPx),
      { concat: views, columns, resolve: { scale: { x: 'independent', y: 'independent' } } },
    ],
    spacing: 14,
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
};
