import { LivemigError } from '../../proto/errors.ts';
import { unknownName } from '../nearest.ts';
import type { RunResult } from '../result.ts';
import type { Difference, Setting } from '../setting.ts';
import { differencesOf, settingOf } from '../setting.ts';
import { cellText } from '../trends/cells.ts';
import { scaleText } from '../trends/words.ts';
import { differencesText } from './differences.ts';

/** Runs of both sets that were made under the same circumstances. */
export interface MatchedCell {
  /** What a person calls it. */
  name: string;
  a: RunResult[];
  b: RunResult[];
}

/** A cell that the other set has no runs of. */
export interface UnmatchedCell {
  name: string;
  runs: number;
  /** The other set's cell that differs in the fewest settings, values in the order A, B; null where it has no cell. */
  nearest: { name: string; differences: Difference[] } | null;
}

export interface Matched {
  cells: MatchedCell[];
  onlyInA: UnmatchedCell[];
  onlyInB: UnmatchedCell[];
}

/** Runs of one set with one setting. */
interface Group {
  base: string;
  setting: Setting;
  runs: RunResult[];
}

/** What a person calls runs that were set the same; others may have the same name. */
const baseNameOf = ({ sweep, scenario, strategy, link }: RunResult): string =>
  sweep === null
    ? `${scenario.name}: ${strategy} over ${link.profile}`
    : `${sweep.name}: ${cellText(sweep.part, Object.fromEntries(Object.entries(sweep.cell).sort()))}, κ_M ${scaleText(sweep.guestScale)}`;

/** `capabilities` stands for all of `capabilities.…`. */
const isAcross = (across: readonly string[], name: string): boolean =>
  across.some((each) => name === each || name.startsWith(`${each}.`));

const groupsOf = (runs: readonly RunResult[], across: readonly string[]): Map<string, Group> => {
  const groups = new Map<string, Group>();
  for (const run of runs) {
    const setting = new Map([...settingOf(run)].filter(([name]) => !isAcross(across, name)));
    const key = JSON.stringify([...setting]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { base: baseNameOf(run), setting, runs: [run] });
    else group.runs.push(run);
  }
  return groups;
};

/** A name for each key; where several have the same base name, what they differ in makes it one of its own. */
const namesOf = (sets: readonly ReadonlyMap<string, Group>[]): Map<string, string> => {
  const byKey = new Map(sets.flatMap((set) => [...set]));
  const alike = Map.groupBy(byKey, ([, { base }]) => base);
  return new Map(
    [...alike.values()].flatMap((cells) => {
      const differing = differencesOf(cells.map(([, { setting }]) => setting));
      return cells.map(([key, { base }], index): [string, string] => [
        key,
        [base, ...differing.map(({ name, values }) => `${name} ${values[index] ?? 'off'}`)].join(', '),
      ]);
    }),
  );
};

/** What of a testbed is told by what it was, not by what was set. */
const instruments = {
  backend: { of: ({ link }: RunResult) => link.backend, many: 'link backends' },
  driver: { of: ({ driver }: RunResult) => driver, many: 'drivers' },
} as const;
type Instrument = keyof typeof instruments;
const instrumentNames = Object.keys(instruments) as Instrument[];

/** Runs that ended before they had one were made by none. */
const namesIn = (instrument: Instrument, runs: readonly RunResult[]): string[] =>
  [...new Set(runs.map((run) => instruments[instrument].of(run)).filter((name) => name !== null))].sort();
export const backendsOf = (runs: readonly RunResult[]): string[] => namesIn('backend', runs);
export const driversOf = (runs: readonly RunResult[]): string[] => namesIn('driver', runs);

/** One cell a backend (driver), so that those of a set with several are not mixed either. */
const splitBy = (instrument: Instrument, cell: MatchedCell): MatchedCell[] => {
  const names = namesIn(instrument, [...cell.a, ...cell.b]);
  if (names.length < 2) return [cell];
  const of = (runs: readonly RunResult[], name: string): RunResult[] =>
    runs.filter((run) => instruments[instrument].of(run) === name);
  return names.map((name) => ({ name: `${cell.name}, ${name}`, a: of(cell.a, name), b: of(cell.b, name) }));
};

/** One problem for each pair of backends, and of drivers. */
const acrossProblems = (instrument: Instrument, cells: readonly MatchedCell[]): string[] => {
  const pairs = cells.flatMap(({ name, a, b }) => {
    const [ofA, ofB] = [namesIn(instrument, a).join(' and '), namesIn(instrument, b).join(' and ')];
    return ofA === ofB || ofA === '' || ofB === '' ? [] : [{ name, pair: `A by ${ofA}, B by ${ofB}` }];
  });
  return [...Map.groupBy(pairs, ({ pair }) => pair)].map(
    ([pair, [first, ...rest]]) =>
      `${first?.name ?? ''}${rest.length === 0 ? '' : ` and ${rest.length} more`}: ${pair}; what different ` +
      `${instruments[instrument].many} measured is only compared with --across ${instrument}`,
  );
};

/** @throws LivemigError BAD_INPUT */
const refuse = (problems: readonly string[]): void => {
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
};

/** Names in `across` that nothing is called. */
const acrossUnknown = (runs: readonly RunResult[], across: readonly string[]): string[] => {
  const names = new Set([...runs.flatMap((run) => [...settingOf(run).keys()]), ...instrumentNames]);
  return across
    .filter((each) => ![...names].some((name) => isAcross([each], name)))
    .map((each) => `--across: ${unknownName('setting', each, [...names].sort())}`);
};

const nearestOf = (
  { setting }: Group,
  own: ReadonlyMap<string, Group>,
  others: ReadonlyMap<string, Group>,
  names: ReadonlyMap<string, string>,
  isOfB: boolean,
): UnmatchedCell['nearest'] => {
  // One that has its counterpart isn't what is missing, if there are others.
  const alone = [...others].filter(([key]) => !own.has(key));
  const candidates = (alone.length > 0 ? alone : [...others]).map(([key, other]) => ({
    name: names.get(key) ?? '',
    differences: differencesOf(isOfB ? [other.setting, setting] : [setting, other.setting]),
  }));
  return candidates.sort((one, other) => one.differences.length - other.differences.length)[0] ?? null;
};

/** Told of so many cells at most where no cell matches; the rest is counted. */
const problemsMax = 5;

const nothingMatches = (onlyInA: readonly UnmatchedCell[]): string[] => {
  const told = onlyInA.slice(0, problemsMax).map(({ name, nearest }) =>
    nearest === null
      ? `${name}: expected runs of the same setting in both sets, B has none at all`
      : `${name}: expected runs of the same setting in both sets, B's nearest cell (${nearest.name}) differs in ` +
        `${differencesText(nearest.differences)}; --across compares runs with different settings, by their names`,
  ); // prettier-ignore
  const rest = onlyInA.length - told.length;
  return rest > 0 ? [...told, `and ${rest} more cells of A that B has no runs of`] : told;
};

export interface MatchOptions {
  /** Settings that may differ between A and B, by name; `backend` and `driver` among them. */
  across: readonly string[];
}

/**
 * Puts the runs of two sets side by side: those whose whole setting is the same.
 * @throws LivemigError BAD_INPUT where no cell is in both, which says in what the nearest ones differ, and where a cell
 *   was measured by different link backends or drivers in the two, unless that is asked for
 */
export const matchCells = (
  runsA: readonly RunResult[],
  runsB: readonly RunResult[],
  { across }: MatchOptions,
): Matched => {
  refuse(acrossUnknown([...runsA, ...runsB], across));
  const a = groupsOf(runsA, across);
  const b = groupsOf(runsB, across);
  const names = namesOf([a, b]);
  const only = (own: Map<string, Group>, other: Map<string, Group>): UnmatchedCell[] =>
    [...own]
      .filter(([key]) => !other.has(key))
      .map(([key, group]) => ({
        name: names.get(key) ?? '',
        runs: group.runs.length,
        nearest: nearestOf(group, own, other, names, own === b),
      }));
  const both = [...a].flatMap(([key, { runs }]): MatchedCell[] => {
    const others = b.get(key);
    return others === undefined ? [] : [{ name: names.get(key) ?? '', a: runs, b: others.runs }];
  });
  const matched = { onlyInA: only(a, b), onlyInB: only(b, a) };
  if (both.length === 0) refuse(nothingMatches(matched.onlyInA));
  const kept = instrumentNames.filter((instrument) => !across.includes(instrument));
  refuse(kept.flatMap((instrument) => acrossProblems(instrument, both)));
  const cells = kept.reduce((split, instrument) => split.flatMap((cell) => splitBy(instrument, cell)), both);
  return { ...matched, cells };
};
