import type { ColourName } from '../palette.ts';
import { inkOf } from '../palette.ts';

/** Series differ by colour, shape and dash, so that any one of them is enough. */
export interface Style {
  colour: ColourName;
  shape: 'circle' | 'square' | 'triangle-up' | 'diamond' | 'saltire' | 'triangle-down';
  /** Lengths of strokes and gaps in px; empty for a solid line. */
  dash: readonly number[];
  /** Measured symbols are filled, published ones hollow. */
  filled: boolean;
}

/** Published series: hollow and dashed everywhere on the page. */
export const published = (style: Pick<Style, 'colour' | 'shape'>): Style => ({
  ...style,
  dash: [5, 4],
  filled: false,
});

/** Measured series: filled and solid everywhere on the page; `dash` distinguishes further set-ups. */
export const measured = (style: Pick<Style, 'colour' | 'shape'> & { dash?: readonly number[] }): Style => ({
  dash: [],
  ...style,
  filled: true,
});

/** × as a path, as Vega's cross is a plus. */
export const saltire = 'M-0.8,-0.8L0.8,0.8M-0.8,0.8L0.8,-0.8';

/** A style as columns of a data row, used literally by `literal`. */
export const styleColumns = ({ colour, shape, dash, filled }: Style): Readonly<Record<string, unknown>> => ({
  stroke: inkOf(colour),
  fill: inkOf(filled ? colour : 'paper'),
  shape: shape === 'saltire' ? saltire : shape,
  dash: dash.length === 0 ? [1, 0] : dash,
});

/** Encodes a column's value literally. */
export const literal = (field: string) => ({ field, type: 'nominal', scale: null }) as const;
