/** What a study's plots are made of; `livemig/study/plots` for those outside the project. */

export type { CsvTable } from './report/csv.ts';
export { figure } from './report/figures.ts';
export { inkOf } from './report/palette.ts';
export { isNarrow } from './report/plots/plot.ts';
export type { Plot, PlotTable } from './report/plots/plot.ts';

/** Curves over an axis: published and measured, with table, CSV and description. */
export { curvePlot } from './report/plots/curve-plot.ts';
export type { CurvePoint, Curves, Series, XAxis, YAxis } from './report/plots/curves.ts';
export type { Quantity } from './report/plots/points.ts';
export {
  axisValues,
  completedIn,
  inCell,
  pointOf,
  publishedPoint,
  scaleNote,
} from './report/plots/points.ts';
export type { Style } from './report/plots/style.ts';
export { measured, published } from './report/plots/style.ts';

/** For custom drawings in Vega-Lite. */
export type { Spec } from './report/plots/render.ts';
export { plainNumber } from './report/plots/config.ts';
export { legendView } from './report/plots/legend.ts';
export { literal, styleColumns } from './report/plots/style.ts';
export { mean } from './report/plots/thin.ts';
export { linearTicks, logTicks } from './report/plots/ticks.ts';
