import type { CompletedRun, RunResult, SweepOfRun } from '../result.ts';
import { differencesOf, settingOf } from '../setting.ts';
import type { Setting } from '../setting.ts';

/** A run of a sweep. */
export type SweptRun = RunResult & { sweep: SweepOfRun };
export type Labels = Readonly<Record<string, string | number>>;

/** The repeats of one point of a part. The arrays keep their identity, so that resampling keeps pairs together. */
export interface Cell {
  readonly part: string;
  readonly labels: Labels;
  readonly runs: readonly RunResult[];
  readonly completed: readonly CompletedRun[];
}

/** Runs that may be combined: one experiment, backend, driver and scale, with the same settings per cell. */
export interface SetUp {
  readonly experiment: string;
  readonly backend: string;
  readonly driver: string;
  /** κ_M. */
  readonly guestScale: number;
  /** What distinguishes this one, if there are sweeps with other settings; '' otherwise. */
  readonly variant: string;
  readonly cells: readonly Cell[];
}

/** Whether a run is one of the experiment's, however it ended. */
export const hasRunsOf = (runs: readonly RunResult[], experiment: string): boolean =>
  runs.some(({ sweep }) => sweep?.experiment === experiment);

const isSwept = (run: RunResult): run is SweptRun => run.sweep !== null;

/** The same key for the same labels in any order. */
const labelKey = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1)));

const cellKeyOf = ({ sweep }: SweptRun): string => `${sweep.part} ${labelKey(sweep.cell)}`;

/** The settings of a sweep by cell. Within a sweep, all runs of a cell have the same settings. */
type CellSettings = ReadonlyMap<string, Setting>;

/** A sweep's name is not a setting. */
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
 * Combines sweeps whose cells have the same settings. Others of the same experiment stay separate: a median over two
 * downtime limits would represent neither.
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
 * The runs of an experiment by set-up: different backends, drivers, scales and settings are never mixed. Runs that
 * ended before they had a link belong to no set-up.
 */
export const setUpsOf = (runs: readonly RunResult[], experiment: string): SetUp[] => {
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
