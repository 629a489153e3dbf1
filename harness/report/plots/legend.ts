import { inkOf } from '../palette.ts';
import type { Spec } from './render.ts';
import type { Style } from './style.ts';
import { literal, styleColumns } from './style.ts';
import { textWidth } from './text-width.ts';

export interface LegendEntry {
  label: string;
  style: Style;
}

const rowPx = 18;
/** A piece of line with its symbol, and a symbol alone. */
const linePx = 28;
const symbolPx = 12;
const gapPx = 20;
const fontPx = 11;

interface Placed extends LegendEntry {
  x: number;
  row: number;
}

/** Entries side by side while they fit, then in another row. */
export const place = (entries: readonly LegendEntry[], width: number, samplePx = linePx): Placed[] => {
  let x = 0;
  let row = 0;
  return entries.map((entry) => {
    const entryPx = samplePx + 6 + textWidth(entry.label, fontPx);
    if (x > 0 && x + entryPx > width) {
      x = 0;
      row += 1;
    }
    const placed = { ...entry, x, row };
    x += entryPx + gapPx;
    return placed;
  });
};

const pixel = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });

/**
 * A legend as a separate view, each entry with its line, symbol and text.
 * @param hasLines whether symbols are on lines in the plot
 */
export const legendView = (entries: readonly LegendEntry[], width: number, hasLines = true): Spec => {
  const samplePx = hasLines ? linePx : symbolPx;
  const placed = place(entries, width, samplePx);
  const values = placed.map(({ label, style, x, row }) => ({
    label,
    ...styleColumns(style),
    left: x,
    middle: x + samplePx / 2,
    right: x + samplePx,
    text: x + samplePx + 6,
    y: row * rowPx + rowPx / 2,
  }));
  const y = pixel('y');
  const line: Spec = {
    mark: { type: 'rule', strokeWidth: 2 },
    encoding: {
      x: pixel('left'),
      x2: { field: 'right' },
      y,
      stroke: literal('stroke'),
      strokeDash: literal('dash'),
    },
  };
  return {
    width,
    height: ((placed.at(-1)?.row ?? 0) + 1) * rowPx,
    data: { values },
    layer: [
      ...(hasLines ? [line] : []),
      {
        mark: { type: 'point', size: 45, strokeWidth: 1.5, opacity: 1 },
        encoding: {
          x: pixel('middle'),
          y,
          stroke: literal('stroke'),
          fill: literal('fill'),
          shape: literal('shape'),
        },
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: fontPx, color: inkOf('ink') },
        encoding: { x: pixel('text'), y, text: { field: 'label' } },
      },
    ],
  };
};
