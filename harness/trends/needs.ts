import type { CompletedRun } from '../result.ts';
import type { Cell, Labels, SetUp } from './set-ups.ts';
import { cellText, matches } from './set-ups.ts';
import type { Rules } from './tolerances.ts';

export type Runs = readonly CompletedRun[];

/** Cells along one axis, each with enough repeats. */
export interface PointOfAxis {
  readonly at: string | number;
  readonly runs: Runs;
}

/**
 * What a check requests from a set-up. Records what is missing instead of failing at the first gap, and which runs were
 * used.
 */
export interface Needs {
  readonly setUp: SetUp;
  /** Empty when everything was there. */
  readonly missing: readonly string[];
  /** Cells left out because too few of their repeats completed. */
  readonly leftOut: readonly string[];
  readonly runIds: readonly string[];
  /** The completed repeats of a cell; if too few, empty and recorded as missing. */
  cell(part: string, labels: Labels): Runs;
  /** Likewise, but too few are not recorded as missing. */
  optional(part: string, labels: Labels): Runs;
  /** Every cell along an axis with enough repeats, in ascending order; recorded as missing if fewer than `least`. */
  along(part: string, labels: Labels, axis: string, least: number): PointOfAxis[];
  /** Cells with all their runs, however they ended. */
  cells(part: string, labels: Labels): readonly Cell[];
  /** Something else is missing. */
  lacks(what: string): void;
}

const ascending = (left: PointOfAxis, right: PointOfAxis): number => Number(left.at) - Number(right.at);

export const needsOf = (setUp: SetUp, { leastRepeats }: Pick<Rules, 'leastRepeats'>): Needs => {
  const missing = new Set<string>();
  const leftOut = new Set<string>();
  const runIds = new Set<string>();
  const shortage = ({ part, labels, runs, completed }: Cell): string =>
    `${cellText(part, labels)}: ${completed.length} of ${runs.length} runs completed, at least ${leastRepeats} needed`;
  const used = (cell: Cell): Cell => {
    for (const { runId } of cell.runs) runIds.add(runId);
    return cell;
  };
  const find = (part: string, labels: Labels): Cell[] =>
    setUp.cells.filter((cell) => matches(cell, part, labels));
  const isEnough = ({ completed }: Cell): boolean => completed.length >= leastRepeats;
  const one = (part: string, labels: Labels): Cell | undefined => {
    const cell = find(part, labels)[0];
    return cell !== undefined && isEnough(cell) ? used(cell) : undefined;
  };
  return {
    setUp,
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
