import { LivemigError } from '#proto/errors';
import { inOrder } from '../in-order.ts';
import { unknownName } from '../nearest.ts';
import type { RunResult } from '../result.ts';
import type { Setting } from '../setting.ts';
import { differencesOf, settingOf } from '../setting.ts';
import { instrumentNames, instruments } from './cells.ts';
import type { ComparedQuantity } from './compare.ts';
import { compareCell } from './compare.ts';

/** One set of results, compared along one of its settings. */

export interface ByComparison {
  /** The setting, by name. */
  axis: string;
  /** Settings that go with it: each of its values has one of theirs. */
  along: readonly string[];
  /** What the others are compared with. */
  base: string;
  values: readonly string[];
  /** Smallest relative change that counts. */
  threshold: number;
  cells: readonly ComparedAlong[];
}

/** Runs that differ in nothing but the axis. */
export interface ComparedAlong {
  name: string;
  base: { runs: number };
  /** In the order of `values`, without the base; those without runs here are left out. */
  others: readonly { value: string; runs: number; quantities: readonly ComparedQuantity[] }[];
}

const refuse = (problem: string): never => {
  throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
};

interface Placed {
  run: RunResult;
  setting: Setting;
  value: string;
}

/** A setting's name, or a sweep's label. @throws LivemigError BAD_INPUT */
const axisNamed = (wanted: string, settings: readonly Setting[]): string => {
  const known = new Set([...settings.flatMap((setting) => [...setting.keys()]), ...instrumentNames]);
  const found = [wanted, `sweep.cell.${wanted}`].find((name) => known.has(name));
  return found ?? refuse(`--by: ${unknownName('setting', wanted, [...known].sort())}`);
};

/** Numbers of any form by size. */
const valuesInOrder = (values: readonly string[]): string[] =>
  values.every((value) => Number.isFinite(Number(value)))
    ? values.toSorted((a, b) => Number(a) - Number(b))
    : values.toSorted(inOrder);

/** Settings with one value for each of the axis's, and not the same for all: they change because it does. */
const goesAlong = (placed: readonly Placed[], axis: string): string[] => {
  const groups = [...Map.groupBy(placed, ({ value }) => value).values()];
  const names = differencesOf(placed.map(({ setting }) => setting)).map(({ name }) => name);
  return names.filter(
    (name) =>
      name !== axis &&
      groups.every((group) => new Set(group.map(({ setting }) => setting.get(name))).size === 1),
  );
};

const nameOf = (setting: Setting, all: readonly Setting[]): string => {
  const texts = differencesOf(all).map(({ name }) => {
    const value = setting.get(name) ?? 'off';
    return name === 'sweep.part' ? String(value) : `${name.replace('sweep.cell.', '')} ${value}`;
  });
  return texts.length === 0 ? 'all runs' : texts.join(', ');
};

export interface ByOptions {
  threshold: number;
  /** Of the axis's values; null = the first. */
  base: string | null;
}

/**
 * Compares the runs of a set along one setting: those that differ in nothing else, and in what goes with it.
 * @throws LivemigError BAD_INPUT if there is no such setting, or nothing to compare
 */
export const compareBy = (
  runs: readonly RunResult[],
  wanted: string,
  { threshold, base: wantedBase }: ByOptions,
): ByComparison => {
  const settings = runs.map(settingOf);
  const axis = axisNamed(wanted, settings);
  const instrument = instrumentNames.find((name) => name === axis);
  const placed = runs.flatMap((run, index): Placed[] => {
    const setting = settings[index]!;
    const value =
      instrument === undefined ? String(setting.get(axis) ?? 'off') : instruments[instrument].of(run);
    return value === null ? [] : [{ run, setting, value }];
  });
  const values = valuesInOrder([...new Set(placed.map(({ value }) => value))]);
  const [first = '', second] = values;
  if (second === undefined)
    refuse(`--by ${wanted}: expected runs with two values of it or more, got ${first === '' ? 'none' : `only ${first}`}`); // prettier-ignore
  const base = wantedBase ?? first;
  if (!values.includes(base)) refuse(`--base: ${unknownName(wanted, base, values)}`);
  const along = goesAlong(placed, axis);
  const without = (setting: Setting): Setting =>
    new Map([...setting].filter(([name]) => name !== axis && !along.includes(name)));
  const groups = [
    ...Map.groupBy(
      placed.map((one) => ({ ...one, rest: without(one.setting) })),
      ({ rest }) => JSON.stringify([...rest]),
    ).values(),
  ];
  const rests = groups.map(([one]) => one!.rest);
  const cells = groups.flatMap((group, index): ComparedAlong[] => {
    const of = (value: string): RunResult[] =>
      group.filter((one) => one.value === value).map(({ run }) => run);
    const a = of(base);
    const name = nameOf(rests[index]!, rests);
    const others = values.flatMap((value) => {
      const b = of(value);
      if (value === base || b.length === 0 || a.length === 0) return [];
      return [{ value, runs: b.length, quantities: compareCell({ name, a, b }, threshold).quantities }];
    });
    return others.length === 0 ? [] : [{ name, base: { runs: a.length }, others }];
  });
  if (cells.length === 0)
    refuse(
      `--by ${wanted}: expected runs that differ in nothing else, got none that share the other settings`,
    );
  return { axis: axis.replace('sweep.cell.', ''), along, base, values, threshold, cells };
};
