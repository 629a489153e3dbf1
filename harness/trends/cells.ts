import type { CompletedRun, RunResult, SweepOfRun } from '../result.ts';
import { differencesOf, settingOf } from '../setting.ts';
import type { Setting as RunSetting } from '../setting.ts';
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

/** Runs that may be put together: one experiment, by one backend and driver, at one scale, every cell set the same. */
export interface Setting {
  readonly experiment: Experiment;
  readonly backend: string;
  readonly driver: string;
  /** κ_M. */
  readonly guestScale: number;
  /** Where sweeps with other settings are there as well: what is particular to this one; '' otherwise. */
  readonly variant: string;
  readonly cells: readonly Cell[];
}

const isSwept = (run: RunResult): run is SweptRun => run.sweep !== null;

/** The same key for the same labels, in whatever order. */
const labelKey = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));

const cellKeyOf = ({ sweep }: SweptRun): string => `${sweep.part} ${labelKey(sweep.cell)}`;

/** The settings of a sweep by cell. Within a sweep all runs of a cell are set the same. */
type CellSettings = ReadonlyMap<string, RunSetting>;

/** What a sweep is called is no setting. */
const cellSettingsOf = (runs: readonly SweptRun[]): CellSettings =>
  new Map(
    [...Map.groupBy(runs, cellKeyOf)].map(([key, [run]]) => [
      key,
      new Map([...settingOf(run!)].filter(([name]) => name !== 'sweep.name')),
    ]),
  );

/** The settings in which cells of two sweeps differ, by name. */
const conflictsOf = (one: CellSettings, other: CellSettings): string[] =>
  [...one].flatMap(([key, setting]) => {
    const counterpart = other.get(key);
    return counterpart === undefined ? [] : differencesOf([setting, counterpart]).map(({ name }) => name);
  });

/** `limits.downtimeLimitMs 300` */
const particularsOf = (runs: readonly SweptRun[], names: readonly string[]): string =>
  names
    .map((name) => {
      const values = new Set(runs.map((run) => settingOf(run).get(name) ?? 'off'));
      return `${name} ${[...values].join(' or ')}`;
    })
    .join(', ');

interface Variant {
  runs: SweptRun[];
  variant: string;
}

/**
 * Sweeps whose cells were set the same are taken together. Others of the same experiment aren't: a median over two downtime
 * limits would be of neither.
 */
const variantsOf = (runs: readonly SweptRun[]): Variant[] => {
  const kinds: { runs: SweptRun[]; settings: CellSettings }[] = [];
  for (const sweep of Map.groupBy(runs, ({ sweep: { sweepId } }) => sweepId).values()) {
    const settings = cellSettingsOf(sweep);
    const like = kinds.find((kind) => conflictsOf(kind.settings, settings).length === 0);
    if (like === undefined) kinds.push({ runs: sweep, settings });
    else {
      like.runs.push(...sweep);
      like.settings = new Map([...settings, ...like.settings]);
    }
  }
  const pairs = kinds.flatMap((one, index) => kinds.slice(index + 1).map((other) => [one, other] as const));
  const names = [
    ...new Set(pairs.flatMap(([one, other]) => conflictsOf(one.settings, other.settings))),
  ].sort();
  return kinds.map((kind) => ({ runs: kind.runs, variant: particularsOf(kind.runs, names) }));
};

const cellsOf = (runs: readonly SweptRun[]): Cell[] =>
  [...Map.groupBy(runs, cellKeyOf).values()].map((group) => ({
    part: group[0]!.sweep.part,
    labels: group[0]!.sweep.cell,
    runs: group,
    completed: group.filter((run) => run.state === 'completed'),
  }));

/**
 * The runs of an experiment by set-up: what different backends, drivers and scales measured is never mixed, nor what was
 * set differently. Runs that ended before they had a link belong to no set-up.
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
  return [...groups.values()].flatMap(variantsOf).map(({ runs: group, variant }) => ({
    experiment,
    backend: group[0]!.link.backend!,
    driver: group[0]!.driver!,
    guestScale: group[0]!.sweep.guestScale,
    variant,
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
