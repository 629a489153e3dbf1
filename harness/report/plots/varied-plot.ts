import type { CompletedRun } from '#harness/result';
import { downtimeMs, totalTimeMs } from '#harness/trends/run-figures';
import type { AxisValue, Varied, VariedAxis, VariedCell } from '../varied.ts';
import { axisValueText, cellName, isNumeric, numbersOf, placeText } from '../varied.ts';
import { curvePlot } from './curve-plot.ts';
import type { Curves, Series, XAxis } from './curves.ts';
import type { Plot } from './plot.ts';
import type { Quantity } from './points.ts';
import { pointOf } from './points.ts';
import type { Style } from './style.ts';
import { measured } from './style.ts';

/** Total time and downtime along what was varied: one axis is x, each combination of the others a line. */

const styles: readonly Style[] = [
  measured({ colour: 'a', shape: 'circle' }),
  measured({ colour: 'b', shape: 'square' }),
  measured({ colour: 'c', shape: 'triangle-up' }),
  measured({ colour: 'd', shape: 'diamond' }),
  measured({ colour: 'a', shape: 'triangle-down', dash: [6, 2] }),
  measured({ colour: 'b', shape: 'circle', dash: [6, 2] }),
  measured({ colour: 'c', shape: 'square', dash: [6, 2] }),
  measured({ colour: 'd', shape: 'triangle-up', dash: [6, 2] }),
];

/** More lines than that are no picture. */
const linesMax = styles.length;

/** More cells without a number than that are counted. */
const silentMax = 6;

/** The longest label that a legend or an axis has room for. */
const labelMax = 40;

/** Text of a label. Line separators would end a string in Vega's expressions. */
const labelOf = (text: string): string => {
  const visible = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return visible.length > labelMax ? `${visible.slice(0, labelMax - 1)}…` : visible;
};

/** The numeric axis with most values; without one, that with most of those that are no strategy. */
const chooseX = (axes: readonly VariedAxis[]): VariedAxis => {
  const numeric = axes.filter(isNumeric);
  const others = axes.filter(({ name }) => name !== 'strategy');
  const choice = [numeric, others, axes].find((some) => some.length > 0)!;
  return choice.reduce((most, axis) => (axis.values.length > most.values.length ? axis : most));
};

/** Values nearer to each other than this share of the axis can't be told apart on it. */
const nearestShare = 1 / 40;

/** Whether neighbours are far enough from each other for an axis to scale. */
const isToScale = (axis: VariedAxis): boolean => {
  const values = numbersOf(axis);
  if (values === null) return false;
  const span = Math.max(...values) - Math.min(...values);
  return values.slice(1).every((value, nth) => value - values[nth]! >= span * nearestShare);
};

interface Place {
  axis: XAxis;
  /** Where a value is. */
  at: (value: AxisValue) => number;
}

const placeOf = (axis: VariedAxis): Place => {
  const isScaled = isToScale(axis);
  const numbers = numbersOf(axis);
  const at = (value: AxisValue): number => {
    const place = axis.values.indexOf(value);
    return (isScaled ? numbers?.[place] : undefined) ?? place;
  };
  const title = labelOf(axis.title);
  return {
    at,
    axis: {
      key: title,
      title: isNumeric(axis) && !isScaled ? `${title} (not to scale)` : title,
      ticks: axis.values.map(at),
      labels: axis.values.map((value) => labelOf(axisValueText(axis, value))),
      isCategory: !isScaled,
    },
  };
};

/** Cells that differ in x only. */
interface Line {
  label: string;
  cells: readonly VariedCell[];
}

const linesOf = ({ axes, cells }: Varied, x: VariedAxis): Line[] => {
  // Categories alone are no course that a line could show.
  const others = axes.length === 1 && !isNumeric(x) ? axes : axes.filter((axis) => axis !== x);
  const labelOfCell = ({ values }: VariedCell): string =>
    others.map((axis) => placeText(axis, values[axes.indexOf(axis)])).join(', ');
  const keyOf = ({ values }: VariedCell): string =>
    JSON.stringify(others.map((axis) => axis.values.indexOf(values[axes.indexOf(axis)])));
  return [...Map.groupBy(cells, keyOf).values()].map((group) => ({
    label: others.length === 0 ? 'median' : labelOf(labelOfCell(group[0]!)),
    cells: group,
  }));
};

/** Labels that were cut may be the same: they get a number. */
const toldApart = (lines: readonly Line[]): Line[] => {
  const taken = new Map<string, number>();
  return lines.map((line) => {
    const count = (taken.get(line.label) ?? 0) + 1;
    taken.set(line.label, count);
    return count === 1 ? line : { ...line, label: `${line.label} (${count})` };
  });
};

interface Panel {
  key: string;
  title: string;
  quantity: Quantity;
}

/** From here on, times are in seconds. */
const secondsFromMs = 2000;

const panelOf = (
  key: string,
  name: string,
  ofRun: (run: CompletedRun) => number,
  runs: readonly CompletedRun[],
): Panel =>
  runs.some((run) => ofRun(run) >= secondsFromMs)
    ? { key, title: `${name} (s)`, quantity: (run) => ofRun(run) / 1000 }
    : { key, title: `${name} (ms)`, quantity: ofRun };

/** `A; B; and 3 more` */
const someOf = (texts: readonly string[], most: number): string => {
  const rest = texts.length - most;
  return [...texts.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
};

const captionOf = (varied: Varied, leftOut: readonly Line[]): string => {
  const silent = varied.cells.filter(({ completed }) => completed.length === 0);
  return [
    'Median of the completed runs of each cell, with bars from the least to the greatest.',
    ...(silent.length === 0
      ? []
      : [
          `Without a point, as no run of it completed: ${someOf(
            silent.map((cell) => cellName(varied, cell)),
            silentMax,
          )}.`,
        ]),
    ...(leftOut.length === 0
      ? []
      : [`${leftOut.length} more lines are not drawn; the table of cells has their figures.`]),
  ].join(' ');
};

/** The picture of what was varied. @param varied with at least one axis */
export const variedPlot = (varied: Varied, id: string): Plot => {
  const x = chooseX(varied.axes);
  const place = placeOf(x);
  const index = varied.axes.indexOf(x);
  const lines = toldApart(linesOf(varied, x));
  const drawn = lines.length <= linesMax || varied.axes.length === 1 ? lines : lines.slice(0, linesMax);
  const runs = drawn.flatMap(({ cells }) => cells.flatMap(({ completed }) => completed));
  const panels = [
    panelOf('total', 'Total time', totalTimeMs, runs),
    panelOf('downtime', 'Downtime', downtimeMs, runs),
  ];
  const series = panels.flatMap(({ key, quantity }) =>
    drawn.map(({ label, cells }, nth): Series => ({
      label,
      origin: 'measured',
      style: styles[nth % styles.length]!,
      panel: key,
      points: cells.flatMap(({ values, completed }) =>
        pointOf(place.at(values[index]), completed, quantity, 1),
      ),
    })),
  );
  const curves: Curves = {
    x: place.axis,
    y: { key: 'median', title: 'median, least to greatest', isIndependent: true },
    panels,
    columns: isNumeric(x) ? 2 : 1,
    series,
  };
  return curvePlot(curves, {
    id,
    title: `Total time and downtime by ${varied.axes.map(({ title }) => labelOf(title)).join(', ')}`,
    caption: captionOf(varied, lines.slice(drawn.length)),
    trends: [],
    missing: runs.length === 0 ? ['a completed run'] : [],
    isScaled: false,
  });
};
