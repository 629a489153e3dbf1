import type { Accounting } from '../measure/accounting.ts';
import { accountings, transferredAs } from '../measure/accounting.ts';
import type { CompletedRun } from '../result.ts';
import type { Needs, Runs } from './needs.ts';
import type { Flavour, Load } from './published.ts';
import { flavours, loads, publishedFigures, ulsterFigure } from './published.ts';
import { ramBytes } from './quantities.ts';
import type { Draw } from './statistics.ts';
import { everything, medianOf } from './statistics.ts';
import { isWithin, tolerances } from './tolerances.ts';

/**
 * Ulster's Table IV, in which unloaded guests send about twice their RAM and loaded ones less, beside what each
 * candidate explanation gives: a mechanism (a switch of the agent) together with a way to count (accounting).
 */

/** Switches of the agent, by their label in a cell; `baseline` has none of them. */
export const mechanisms = ['baseline', 'no-dirty-bitmap', 'uniform-pages', 'both'] as const;
export type Mechanism = (typeof mechanisms)[number];

export interface DataCell {
  mechanism: Mechanism;
  flavour: Flavour;
  load: Load;
  runs: Runs;
}

export const dataCells = (need: Needs): DataCell[] =>
  mechanisms
    .flatMap((mechanism) =>
      flavours.flatMap((flavour) =>
        loads.map((load): DataCell => ({
          mechanism,
          flavour,
          load,
          runs: need.optional('data-table', { mechanism, flavour, load }),
        })),
      ),
    )
    .filter(({ runs }) => runs.length > 0);

/** Bytes over the guest's RAM. */
export const bytesOverRam = (draw: Draw, { runs }: DataCell, accounting: Accounting): number =>
  medianOf(draw(runs), (run: CompletedRun) => transferredAs(run.measurement, accounting) / ramBytes(run));

/** One line of the table: a mechanism, a flavour, a load, and bytes over RAM counted in every way. */
export interface DataRow {
  mechanism: Mechanism;
  flavour: Flavour;
  load: Load;
  runs: number;
  bytesOverRam: Record<Accounting, number>;
  publishedBytesOverRam: { dublin: number; halifax: number };
}

const publishedOverRam = (site: 'dublin' | 'halifax', flavour: Flavour, load: Load): number =>
  ulsterFigure('transferredMB', site, flavour, load) / publishedFigures['ulster-wan'].flavours[flavour].ramMB;

export const dataRowsOf = (cells: readonly DataCell[]): DataRow[] =>
  cells.map((cell) => ({
    mechanism: cell.mechanism,
    flavour: cell.flavour,
    load: cell.load,
    runs: cell.runs.length,
    bytesOverRam: Object.fromEntries(
      accountings.map((accounting) => [accounting, bytesOverRam(everything, cell, accounting)]),
    ) as Record<Accounting, number>,
    publishedBytesOverRam: {
      dublin: publishedOverRam('dublin', cell.flavour, cell.load),
      halifax: publishedOverRam('halifax', cell.flavour, cell.load),
    },
  }));

/** A mechanism with an accounting, and what they give in each flavour that was measured both ways. */
export interface Candidate {
  mechanism: Mechanism;
  accounting: Accounting;
  flavours: { flavour: Flavour; unloaded: number; loaded: number }[];
  /** In every flavour about 2 × RAM unloaded, and less than that loaded. */
  reproduces: boolean;
}

/** Unloaded and loaded cell of one mechanism and flavour. */
export interface LoadPair {
  unloaded: DataCell;
  loaded: DataCell;
}

export const loadPairsOf = (cells: readonly DataCell[], mechanism: Mechanism): LoadPair[] =>
  flavours.flatMap((flavour) => {
    const of = (load: Load): DataCell | undefined =>
      cells.find((cell) => cell.mechanism === mechanism && cell.flavour === flavour && cell.load === load);
    const [unloaded, loaded] = [of('unloaded'), of('loaded')];
    return unloaded === undefined || loaded === undefined ? [] : [{ unloaded, loaded }];
  });

export const candidatesOf = (cells: readonly DataCell[]): Candidate[] =>
  mechanisms.flatMap((mechanism) => {
    const pairs = loadPairsOf(cells, mechanism);
    if (pairs.length === 0) return [];
    return accountings.map((accounting): Candidate => {
      const figures = pairs.map(({ unloaded, loaded }) => ({
        flavour: unloaded.flavour,
        unloaded: bytesOverRam(everything, unloaded, accounting),
        loaded: bytesOverRam(everything, loaded, accounting),
      }));
      const reproduces = figures.every(
        ({ unloaded, loaded }) => isWithin(unloaded, tolerances['11a']) && loaded < unloaded,
      );
      return { mechanism, accounting, flavours: figures, reproduces };
    });
  });
