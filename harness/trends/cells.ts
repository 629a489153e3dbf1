import type { CompletedRun, RunResult, SweepOfRun } from '../result.ts';
import type { Experiment } from './published.ts';

/** A run that some sweep made. */
export type SweptRun = RunResult & { sweep: SweepOfRun };
export type Labels = Readonly<Record<string, string | number>>;

/** The repeats of one point of one part. The arrays keep their identity, so that a resample keeps pairs together. */
export interface Cell {
  readonly part: string;
  readonly labels: Labels;
  readonly runs: readonly RunResult[];
  readonly completed: readonly CompletedRun[];
}

/** Runs that may be put together: one experiment, by one backend and driver, at one scale. */
export interface Setting {
  readonly experiment: Experiment;
  readonly backend: string;
  readonly driver: string;
  /** κ_M. */
  readonly guestScale: number;
  readonly cells: readonly Cell[];
}

const isSwept = (run: RunResult): run is SweptRun => run.sweep !== null;

/** The same key for the same labels, in whatever order. */
const labelKey = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));

const cellsOf = (runs: readonly SweptRun[]): Cell[] =>
  [...Map.groupBy(runs, ({ sweep }) => `${sweep.part} ${labelKey(sweep.cell)}`).values()].map((group) => ({
    part: group[0]!.sweep.part,
    labels: group[0]!.sweep.cell,
    runs: group,
    completed: group.filter((run) => run.state === 'completed'),
  }));

/**
 * The runs of an experiment by set-up: what different backends, drivers and scales measured is never mixed. Runs that
 * ended before they had a link belong to no set-up.
 */
export const settingsOf = (runs: readonly RunResult[], experiment: Experiment): Setting[] => {
  const swept = runs
    .filter(isSwept)
    .filter(
      ({ sweep, link, driver }) =>
        sweep.experiment === experiment && link.backend !== null && driver !== null,
    );
  const groups = Map.groupBy(swept, ({ link, driver, sweep }) =>
    [link.backend, driver, sweep.guestScale].join(' '),
  );
  return [...groups.values()].map((group) => ({
    experiment,
    backend: group[0]!.link.backend!,
    driver: group[0]!.driver!,
    guestScale: group[0]!.sweep.guestScale,
    cells: cellsOf(group),
  }));
};

export const matches = (cell: Cell, part: string, labels: Labels): boolean =>
  cell.part === part && Object.entries(labels).every(([axis, value]) => cell.labels[axis] === value);

/** `hybrid link=1G, stressMB=4096` */
export const cellText = (part: string, labels: Labels): string =>
  [
    part,
    Object.entries(labels)
      .map(([axis, value]) => `${axis}=${value}`)
      .join(', '),
  ]
    .filter((text) => text !== '')
    .join(' ');
