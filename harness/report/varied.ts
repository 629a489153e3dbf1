import { valueText } from '../compare/differences.ts';
import { parseBytes } from '../format.ts';
import type { CompletedRun, RunResult } from '../result.ts';
import type { Setting } from '../setting.ts';
import { differencesOf, settingOf } from '../setting.ts';
import type { AxisOrder } from '../sweep/axis-order.ts';

/** What was varied between runs: few axes that tell their settings apart, and the cells along these. */

/** undefined: it is off there. */
export type AxisValue = string | number | boolean | undefined;

export interface VariedAxis {
  /** Of the setting. */
  name: string;
  /** For people: a sweep's axis has the name that the sweep gives it. */
  title: string;
  /** Numbers ascending, labels as the sweep lists them; otherwise sizes ascending, and others as first seen. */
  values: readonly AxisValue[];
}

/** Runs that repeat each other. */
export interface VariedCell {
  /** One for each axis. */
  values: readonly AxisValue[];
  runs: readonly RunResult[];
  completed: readonly CompletedRun[];
}

export interface Varied {
  axes: readonly VariedAxis[];
  /** Further settings that differ, and that the axes determine. */
  along: readonly string[];
  /** In the order of the axes' values, the last axis fastest. */
  cells: readonly VariedCell[];
}

/** A size has its unit: `10G` may be the name of a link. */
const isSize = (text: string): boolean => /\d\s*[kmgt]i?b$/i.test(text);

const numberOf = (value: AxisValue): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && isSize(value) ? parseBytes(value) : undefined;
};

/** Numbers, and sizes that a sweep labels `64MiB`, in the axis's order; null where a value is neither. */
export const numbersOf = ({ values }: Pick<VariedAxis, 'values'>): readonly number[] | null => {
  const numbers = values.map(numberOf).filter((value) => value !== undefined);
  return numbers.length === values.length ? numbers : null;
};

export const isNumeric = (axis: Pick<VariedAxis, 'values'>): boolean => numbersOf(axis) !== null;

/** `256 MiB`, `hybrid`, `off`; `stressMB 2048` with its axis. */
export const axisValueText = ({ name }: VariedAxis, value: AxisValue): string =>
  name === 'strategySha256' ? valueText(name, value).slice(0, 8) : valueText(name, value);
export const placeText = (axis: VariedAxis, value: AxisValue): string =>
  axis.name === 'strategy' ? axisValueText(axis, value) : `${axis.title} ${axisValueText(axis, value)}`;

/** `hybrid, stressMB 2048` */
export const cellName = ({ axes }: Varied, { values }: VariedCell): string =>
  axes.map((axis, index) => placeText(axis, values[index])).join(', ');

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** The only name that the runs have, for one that ended before it had one itself. */
const instrumentOf = (
  runs: readonly RunResult[],
  of: (run: RunResult) => string | null,
): ((run: RunResult) => string) => {
  const [first, ...others] = unique(runs.map(of).filter((name) => name !== null));
  const otherwise = first !== undefined && others.length === 0 ? first : 'none';
  return (run) => of(run) ?? otherwise;
};

/** A strategy of the user's own by its file's name: the same name for the same text, wherever the file is. */
const strategyNamer = (): ((run: RunResult) => string) => {
  const names = new Map<string, string>();
  return ({ strategy, environment: { strategySha256: digest } }) => {
    if (digest === undefined) return strategy;
    const name = names.get(digest) ?? strategy.slice(strategy.lastIndexOf('/') + 1);
    names.set(digest, name);
    return name;
  };
};

/** Each run's setting, with what measured it: figures of two drivers are never put together. */
const circumstancesOf = (runs: readonly RunResult[]): Map<RunResult, Setting> => {
  const driverOf = instrumentOf(runs, ({ driver }) => driver);
  const backendOf = instrumentOf(runs, ({ link }) => link.backend);
  const strategyOf = strategyNamer();
  return new Map(
    runs.map((run) => [
      run,
      new Map([
        ...settingOf(run),
        ['strategy', strategyOf(run)],
        ['driver', driverOf(run)],
        ['backend', backendOf(run)],
      ]),
    ]),
  );
};

/** A run that ended before it had a link doesn't know all of its setting. */
const isSetUp = ({ driver, link }: RunResult): boolean =>
  driver !== null && link.backend !== null && link.definition !== null;

const labelPrefix = 'sweep.cell.';

/** What people vary comes before what follows from it. */
const preferred = [
  'sweep.part',
  'sweep.name',
  'link',
  'driver',
  'backend',
  'workload.name',
  'guest.ramBytes',
  'workload.regionBytes',
  'workload.dirtyRatePagesPerSecond',
  'limits.downtimeLimitMs',
];

const candidatesOf = (runs: readonly RunResult[], differing: readonly string[]): string[] => {
  const labels = runs.flatMap(({ sweep }) =>
    sweep === null ? [] : Object.keys(sweep.cell).map((label) => `${labelPrefix}${label}`),
  );
  const known = new Set(differing);
  return unique(['strategy', ...labels, ...preferred, ...differing]).filter((name) => known.has(name));
};

const keyOf = (setting: Setting, names: readonly string[]): string =>
  JSON.stringify(names.map((name) => setting.get(name) ?? null));

/** Whether settings that agree in all of `names` differ in this one. */
const tellsApart = (settings: readonly Setting[], names: readonly string[], name: string): boolean => {
  const firsts = new Map<string, AxisValue>();
  return settings.some((setting) => {
    const key = keyOf(setting, names);
    const value = setting.get(name);
    if (firsts.has(key)) return firsts.get(key) !== value;
    firsts.set(key, value);
    return false;
  });
};

const titles: Readonly<Record<string, string>> = {
  'sweep.part': 'part',
  'sweep.name': 'sweep',
  'sweep.guestScale': 'κ_M',
};
const titleOf = (name: string): string =>
  titles[name] ?? (name.startsWith(labelPrefix) ? name.slice(labelPrefix.length) : name);

/** The rank of a value among those of its axis; undefined where it has none but the order in which it was seen. */
const rankOf = (
  values: readonly AxisValue[],
  listed: readonly string[],
): ((value: AxisValue) => number) | undefined => {
  const set = values.filter((value) => value !== undefined);
  if (set.every((value) => typeof value === 'number'))
    return (value) => (typeof value === 'number' ? value : -Infinity);
  if (set.every((value) => listed.includes(String(value)))) return (value) => listed.indexOf(String(value));
  const sizes = new Map<AxisValue, number | undefined>(
    set.map((value) => [value, parseBytes(String(value))]),
  );
  return [...sizes.values()].includes(undefined) ? undefined : (value) => sizes.get(value) ?? -Infinity;
};

const ordered = (values: readonly AxisValue[], listed: readonly string[]): AxisValue[] => {
  const rank = rankOf(values, listed);
  return rank === undefined ? [...values] : values.toSorted((one, other) => rank(one) - rank(other));
};

/** What only says in other words what an axis says already. */
const isImplied = (name: string): boolean =>
  name.startsWith('linkDefinition.') || name.startsWith('sweep.') || name === 'strategySha256';

/**
 * Finds the axes of a set of runs: the strategy, the sweep's labels and then other settings, each only if those before it
 * don't determine it. So every cell has runs of one setting, measured by one driver and backend.
 * @param order of the labels in the sweeps' definitions, as far as these are known
 */
export const variedOf = (runs: readonly RunResult[], order: AxisOrder = new Map()): Varied => {
  const circumstances = circumstancesOf(runs);
  const whole = runs.filter(isSetUp);
  const settings = (whole.length === 0 ? runs : whole).map((run) => circumstances.get(run)!);
  const differing = differencesOf(settings).map(({ name }) => name);
  const names: string[] = [];
  for (const name of candidatesOf(runs, differing)) if (tellsApart(settings, names, name)) names.push(name);
  const axes = names.map((name) => ({
    name,
    title: titleOf(name),
    values: ordered(
      unique(runs.map((run) => circumstances.get(run)!.get(name))),
      order.get(titleOf(name)) ?? [],
    ),
  }));
  const groups = Map.groupBy(runs, (run) => keyOf(circumstances.get(run)!, names));
  const cells = [...groups.values()].map((group): VariedCell => ({
    values: names.map((name) => circumstances.get(group[0]!)!.get(name)),
    runs: group,
    completed: group.filter((run) => run.state === 'completed'),
  }));
  const places = axes.map(({ values }) => new Map(values.map((value, place) => [value, place])));
  const placeOf = ({ values }: VariedCell, nth: number): number => places[nth]!.get(values[nth]) ?? 0;
  cells.sort(
    (one, other) =>
      places
        .map((_, nth) => placeOf(one, nth) - placeOf(other, nth))
        .find((difference) => difference !== 0) ?? 0,
  );
  return {
    axes,
    along: differing.filter((name) => !names.includes(name) && !isImplied(name)),
    cells,
  };
};
