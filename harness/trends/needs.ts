import type { CompletedRun } from '../result.ts';
import type { Cell, Labels, Setting } from './cells.ts';
import { cellText, matches } from './cells.ts';
import { rules } from './tolerances.ts';

export type Runs = readonly CompletedRun[];

/** Cells along one axis, each with enough repeats. */
export interface PointOfAxis {
  readonly at: string | number;
  readonly runs: Runs;
}

/**
 * What a check asks of a set-up. It notes what is missing instead of failing at the first gap, and which runs were
 * looked at.
 */
export interface Needs {
  readonly setting: Setting;
  /** Empty when everything was there. */
  readonly missing: readonly string[];
  /** Cells that exist but were left out, as too few of their repeats completed. */
  readonly leftOut: readonly string[];
  readonly runIds: readonly string[];
  /** The completed repeats of a cell; empty, and missing, where they are too few. */
  cell(part: string, labels: Labels): Runs;
  /** The same, but nothing is missing where they are too few. */
  optional(part: string, labels: Labels): Runs;
  /** Every cell along an axis with enough repeats, in ascending order of numbers; missing where fewer than `least`. */
  along(part: string, labels: Labels, axis: string, least: number): PointOfAxis[];
  /** Cells with whatever became of their runs. */
  cells(part: string, labels: Labels): readonly Cell[];
  /** Something else is missing. */
  lacks(what: string): void;
}

const shortage = ({ part, labels, runs, completed }: Cell): string =>
  `${cellText(part, labels)}: ${completed.length} of ${runs.length} runs completed, at least ${rules.leastRepeats} needed`;

const ascending = (left: PointOfAxis, right: PointOfAxis): number => Number(left.at) - Number(right.at);

export const needsOf = (setting: Setting): Needs => {
  const missing = new Set<string>();
  const leftOut = new Set<string>();
  const runIds = new Set<string>();
  const used = (cell: Cell): Cell => {
    for (const { runId } of cell.runs) runIds.add(runId);
    return cell;
  };
  const find = (part: string, labels: Labels): Cell[] =>
    setting.cells.filter((cell) => matches(cell, part, labels));
  const isEnough = ({ completed }: Cell): boolean => completed.length >= rules.leastRepeats;
  const one = (part: string, labels: Labels): Cell | undefined => {
    const cell = find(part, labels)[0];
    return cell !== undefined && isEnough(cell) ? used(cell) : undefined;
  };
  return {
    setting,
    get missing() {
      return [...missing];
    },
    get leftOut() {
      return [...leftOut];
    },
    get runIds() {
      return [...runIds];
    },
    cell: (part, labels) => {
      const cell = one(part, labels);
      if (cell === undefined)
        missing.add(find(part, labels).map(shortage)[0] ?? `no ${cellText(part, labels)}`);
      return cell?.completed ?? [];
    },
    optional: (part, labels) => {
      const cell = one(part, labels);
      if (cell === undefined) for (const short of find(part, labels)) leftOut.add(shortage(short));
      return cell?.completed ?? [];
    },
    along: (part, labels, axis, least) => {
      const found = find(part, labels).filter((cell) => cell.labels[axis] !== undefined);
      const enough = found.filter(isEnough).map(used);
      const short = found.filter((cell) => !isEnough(cell)).map(shortage);
      for (const text of short) leftOut.add(text);
      if (enough.length < least)
        missing.add(
          [
            `${cellText(part, labels)}: ${enough.length} of at least ${least} values of ${axis}`,
            ...short,
          ].join('; '),
        );
      return enough.map((cell) => ({ at: cell.labels[axis]!, runs: cell.completed })).sort(ascending);
    },
    cells: (part, labels) => find(part, labels).map(used),
    lacks: (what) => {
      missing.add(what);
    },
  };
};
