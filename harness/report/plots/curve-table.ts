import type { CsvTable } from '../csv.ts';
import { figure } from '../figures.ts';
import type { CurvePoint, Curves, Series } from './curves.ts';
import type { PlotTable } from './plot.ts';

/** One line per point, unscaled values next to those compared. */
export const curveCsv = ({ x, y, panels, series }: Curves): CsvTable => {
  const titles = new Map(panels.map(({ key, title }) => [key, title]));
  const labels = new Map(x.ticks.map((tick, index) => [tick, x.labels[index] ?? String(tick)]));
  return {
    columns: [
      'panel',
      'series',
      'origin',
      x.key,
      y.key,
      `${y.key}_low`,
      `${y.key}_high`,
      `${y.key}_raw`,
      'runs',
    ],
    rows: series.flatMap(({ label, origin, panel, points }) =>
      points.map((point) => [
        titles.get(panel) ?? panel,
        label,
        origin,
        x.isCategory ? (labels.get(point.x) ?? '') : point.x,
        point.y,
        point.low,
        point.high,
        point.raw,
        point.runs,
      ]),
    ),
  };
};

const valueText = ({ y, low, high, raw, runs }: CurvePoint, isScaled: boolean): string => {
  const range = low === null || high === null || low === high ? '' : ` (${figure(low)}–${figure(high)})`;
  const unscaled = isScaled && raw !== null ? `; raw ${figure(raw)}` : '';
  const count = runs === null ? '' : `; n = ${runs}`;
  return `${figure(y)}${range}${unscaled}${count}`;
};

const headOf = ({ label, panel }: Series, titles: ReadonlyMap<string, string>): string => {
  const title = titles.get(panel) ?? '';
  return title === '' ? label : `${title}: ${label}`;
};

/** Rows by x, a column for each series of each panel. @param isScaled whether raw values differ from those compared. */
export const curveTable = ({ x, panels, series }: Curves, isScaled: boolean): PlotTable => {
  const titles = new Map(panels.map(({ key, title }) => [key, title]));
  const known = new Map(x.ticks.map((tick, index) => [tick, x.labels[index] ?? String(tick)]));
  const all = [...new Set([...x.ticks, ...series.flatMap(({ points }) => points.map((point) => point.x))])];
  return {
    head: [x.title, ...series.map((one) => headOf(one, titles))],
    rows: all
      .sort((one, other) => one - other)
      .filter((value) => series.some(({ points }) => points.some((point) => point.x === value)))
      .map((value) => [
        known.get(value) ?? String(value),
        ...series.map(({ points }) => {
          const point = points.find((one) => one.x === value);
          return point === undefined ? '–' : valueText(point, isScaled);
        }),
      ]),
  };
};
