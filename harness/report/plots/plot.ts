import type { CsvTable } from '../csv.ts';
import type { Spec } from './render.ts';

/** A figure of the page: the drawing, its description, and its data. */
export interface Plot {
  /** Its id on the page, and its file name. */
  id: string;
  title: string;
  /** For readers who can't see the drawing: what is drawn, and how the curves run. */
  description: string;
  /** What it shows, what symbols mean, and what was scaled. */
  caption: string;
  /** @param width of the whole drawing in px */
  spec: (width: number) => Spec;
  csv: CsvTable;
  /** The same data for people. */
  table: PlotTable;
  /** What is missing in the result set; empty if nothing. */
  missing: readonly string[];
  /** Numbers of the documents' trends that it shows. */
  trends: readonly number[];
  /** There is nothing to draw. */
  isEmpty: boolean;
}

/** Text as displayed, by row; the first cell names the row. */
export interface PlotTable {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Widths at which experiment plots are drawn: the page's measure, and a phone's. */
export const plotWidths = { wide: 760, narrow: 342 } as const;
export const isNarrow = (width: number): boolean => width < 500;
