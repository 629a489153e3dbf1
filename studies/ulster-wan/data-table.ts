import type { Accounting, CompletedRun, Draw, Needs, Runs, StudyTable } from 'livemig/study';
import { accountings, everything, medianOf, ramBytes, transferredAs } from 'livemig/study';
import type { Flavour, Load, Site } from './published.ts';
import { figureOf, flavours, loads, ramMBOf, sites, siteText } from './published.ts';

/**
 * Ulster's Table IV, in which unloaded guests send about twice their RAM and loaded ones less, compared with what each
 * candidate explanation gives: a mechanism (a switch of the agent) together with a way to count (accounting).
 */

/**
 * By their label in a cell. `baseline` is post-copy, which sends every page once; the others put a round of pre-copy
 * before it, and use switches of the agent.
 */
export const mechanisms = ['baseline', 'hybrid', 'no-dirty-bitmap', 'uniform-pages', 'both'] as const;
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

/** As in Table IV. */
export const publishedOverRam = (site: Site, flavour: Flavour, load: Load): number =>
  figureOf('transferredMB', site, flavour, load) / ramMBOf(flavour);

/** Bytes over RAM of every mechanism, flavour and load, counted in every way, and the document's. */
export const dataTable = (need: Needs): StudyTable | null => {
  const cells = dataCells(need);
  if (cells.length === 0) return null;
  return {
    title: 'Trend 11: bytes over RAM by mechanism and accounting, beside Table IV',
    columns: [
      ...['mechanism', 'flavour', 'load', ...accountings].map((key) => ({ key, title: key })),
      ...sites.map((site) => ({ key: site, title: siteText[site] })),
    ],
    rows: cells.map((cell) => ({
      mechanism: cell.mechanism,
      flavour: cell.flavour,
      load: cell.load,
      ...Object.fromEntries(
        accountings.map((accounting) => [accounting, bytesOverRam(everything, cell, accounting)]),
      ),
      ...Object.fromEntries(sites.map((site) => [site, publishedOverRam(site, cell.flavour, cell.load)])),
    })),
  };
};

/** A mechanism with an accounting, and the result in each flavour that was measured both ways. */
export interface Candidate {
  mechanism: Mechanism;
  accounting: Accounting;
  flavours: { flavour: Flavour; unloaded: number; loaded: number }[];
  /** How many cells of Table IV, of the flavours measured, it matches within `nearness`. */
  cellsNear: number;
  cells: number;
}

/** A candidate agrees with a cell of Table IV if it is within this share of it. */
export const nearness = 0.2;

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
      const near = figures.flatMap((figure) =>
        loads.flatMap((load) =>
          sites.map((site) => {
            const published = publishedOverRam(site, figure.flavour, load);
            return Math.abs(figure[load] - published) <= nearness * published;
          }),
        ),
      );
      const cellsNear = near.filter(Boolean).length;
      return { mechanism, accounting, flavours: figures, cellsNear, cells: near.length };
    });
  });
