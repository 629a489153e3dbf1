import { styleColumns } from './style.ts';
import type { Style } from './style.ts';

/** A value with the range of its repetitions. */
export interface CurvePoint {
  /** Position on the x axis: the published quantity, or the number of a category. */
  x: number;
  /** As plotted, in the y axis's unit. */
  y: number;
  /** Minimum and maximum of the repetitions, or mean ∓ σ if that was published; null if neither is known. */
  low: number | null;
  high: number | null;
  /** Repetitions; null if the document doesn't say. */
  runs: number | null;
  /** The median before division by κ_M; null for published values. */
  raw: number | null;
}

export interface Series {
  label: string;
  origin: 'published' | 'measured';
  style: Style;
  panel: string;
  points: readonly CurvePoint[];
}

export interface XAxis {
  /** Column name with unit. */
  key: string;
  title: string;
  ticks: readonly number[];
  /** The label of each tick. */
  labels: readonly string[];
  /** Series of categories are side by side. */
  isCategory: boolean;
}

export interface YAxis {
  key: string;
  title: string;
  isLog?: boolean;
  /** Panels share their scale unless that hides what they show. */
  isIndependent?: boolean;
  /** A reference line. */
  reference?: { y: number; label: string };
}

export interface Curves {
  x: XAxis;
  y: YAxis;
  panels: readonly { key: string; title: string }[];
  /** Panels, side by side if they fit. */
  columns: number;
  series: readonly Series[];
}

/** Of the distance between two categories: between neighbouring series, and for all of them. */
const dodgeStep = 0.07;
const dodgeMax = 0.6;

/** Rows of the drawing. Without an error bar, the range is the point itself. */
export const rowsOf = (series: readonly Series[], isCategory: boolean): Record<string, unknown>[] =>
  series.flatMap(({ label, style, points }, index) => {
    const step = Math.min(dodgeStep, dodgeMax / series.length);
    const dodge = isCategory ? (index - (series.length - 1) / 2) * step : 0;
    const columns = styleColumns(style);
    return points.map(({ x, y, low, high }) => ({
      ...columns,
      series: label,
      x: x + dodge,
      y,
      low: low ?? y,
      high: high ?? y,
      hasRange: low !== null,
    }));
  });

/** The axis's ends over all the given series: from zero, or whole decades if it is logarithmic. */
export const yDomain = (
  series: readonly Series[],
  { isLog = false, reference }: YAxis,
): readonly [number, number] => {
  const points = series.flatMap((one) => one.points);
  const values = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  if (reference !== undefined) values.push(reference.y);
  if (values.length === 0) return isLog ? [1, 10] : [0, 1];
  if (!isLog) return [0, Math.max(...values) * 1.05];
  const positive = values.filter((value) => value > 0);
  return [Math.min(...positive) / 1.3, Math.max(...positive) * 1.3];
};
