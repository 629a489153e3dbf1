import type { CsvTable } from '../csv.ts';
import type { Spec } from './render.ts';

/** A figure of the page: what is drawn, what it says, and the numbers behind it. */
export interface Plot {
  /** Its id on the page and its file's name. */
  id: string;
  title: string;
  /** For those who don't see the drawing: what is drawn, and how it runs. */
  description: string;
  /** What it shows, what stands for what, and what was scaled. */
  caption: string;
  /** @param width of the whole drawing in px */
  spec: (width: number) => Spec;
  csv: CsvTable;
  /** The same numbers for people. */
  table: PlotTable;
  /** What the result set has not; empty where nothing is missing. */
  missing: readonly string[];
  /** The documents' trends that it shows, by number. */
  trends: readonly number[];
  /** There is nothing to draw at all. */
  isEmpty: boolean;
}

/** Text as it is shown, by row; the first cell of a row names it. */
export interface PlotTable {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Widths at which experiment plots are drawn: the page's measure, and a phone's. */
export const plotWidths = { wide: 760, narrow: 342 } as const;
export const isNarrow = (width: number): boolean => width < 500;
