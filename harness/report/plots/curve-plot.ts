import { figure } from '../figures.ts';
import { curveSpec } from './curve-spec.ts';
import { curveCsv, curveTable } from './curve-table.ts';
import type { Curves, Series } from './curves.ts';
import type { Plot } from './plot.ts';

/** Where a curve starts and ends: what a drawing shows at a glance. */
const course = ({ label, panel, points }: Series, curves: Curves): string => {
  const first = points[0];
  const last = points.at(-1);
  const title = curves.panels.find(({ key }) => key === panel)?.title ?? '';
  const name = title === '' ? label : `${title}, ${label}`;
  if (first === undefined || last === undefined) return `${name}: nothing.`;
  const at = (x: number): string => curves.x.labels[curves.x.ticks.indexOf(x)] ?? String(x);
  return `${name}: ${figure(first.y)} at ${at(first.x)}, ${figure(last.y)} at ${at(last.x)}.`;
};

/** A plot of curves with its table, its CSV and its description. */
export const curvePlot = (
  curves: Curves,
  head: Pick<Plot, 'id' | 'title' | 'caption' | 'trends' | 'missing'> & { isScaled: boolean },
): Plot => {
  const { isScaled, ...rest } = head;
  return {
    ...rest,
    description: `${curves.y.title} by ${curves.x.title}. ${curves.series.map((one) => course(one, curves)).join(' ')}`,
    spec: (width) => curveSpec(curves, width),
    csv: curveCsv(curves),
    table: curveTable(curves, isScaled),
    isEmpty: curves.series.every(({ points }) => points.length === 0),
  };
};
