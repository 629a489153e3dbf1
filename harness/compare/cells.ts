import { LivemigError } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import type { RunResult } from '../result.ts';
import type { Difference, Setting } from '../setting.ts';
import { differencesOf, settingOf } from '../setting.ts';
import { cellText } from '../trends/set-ups.ts';
import { scaleText } from '../trends/words.ts';
import { differencesText } from './differences.ts';

/** Runs of both sets with the same settings. */
export interface MatchedCell {
  /** Its name for people. */
  name: string;
  a: RunResult[];
  b: RunResult[];
}

/** A cell without runs in the other set. */
export interface UnmatchedCell {
  name: string;
  runs: number;
  /** The other set's cell with the fewest different settings, values in the order A, B; null if it has no cell. */
  nearest: { name: string; differences: Difference[] } | null;
}

export interface Matched {
  cells: MatchedCell[];
  onlyInA: UnmatchedCell[];
  onlyInB: UnmatchedCell[];
  /** Cells in one set only, because a search that is in both sets took another path there. */
  leftOut: { a: number; b: number };
}

/** Runs of one set with one setting. */
interface Group {
  base: string;
  setting: Setting;
  runs: RunResult[];
}

/** A name for runs with the same settings; other runs may have the same name. */
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

/** A name for each key; the same base names are made unique by their differences. */
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

/** Properties of the actual testbed, as opposed to settings. */
export const instruments = {
  backend: { of: ({ link }: RunResult) => link.backend, many: 'link backends' },
  driver: { of: ({ driver }: RunResult) => driver, many: 'drivers' },
} as const;
type Instrument = keyof typeof instruments;
export const instrumentNames = Object.keys(instruments) as Instrument[];

/** Runs that ended before they had one. */
const namesIn = (instrument: Instrument, runs: readonly RunResult[]): string[] =>
  [...new Set(runs.map((run) => instruments[instrument].of(run)).filter((name) => name !== null))].sort();
export const backendsOf = (runs: readonly RunResult[]): string[] => namesIn('backend', runs);
export const driversOf = (runs: readonly RunResult[]): string[] => namesIn('driver', runs);

/** One cell per backend (driver), so that a set with several doesn't mix them. */
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
      `${first?.name ?? ''}${rest.length === 0 ? '' : ` and ${rest.length} more`}: ${pair}; measurements of different ` +
      `${instruments[instrument].many} are only compared with --across ${instrument}`,
  );
};

/** @throws LivemigError BAD_INPUT */
const refuse = (problems: readonly string[]): void => {
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
};

/** Names in `across` that don't exist. */
const acrossUnknown = (runs: readonly RunResult[], across: readonly string[]): string[] => {
  const names = new Set([...runs.flatMap((run) => [...settingOf(run).keys()]), ...instrumentNames]);
  return across
    .filter((each) => ![...names].some((name) => isAcross([each], name)))
    .map((each) => `--across: ${unknownName('setting', each, [...names].sort())}`);
};

/**
 * The cells of each search of a set, by part and by labels except for the searched one.
 */
const searchesOf = (groups: ReadonlyMap<string, Group>): Map<string, Group[]> =>
  Map.groupBy(groups.values(), ({ runs: [run] }) => searchKeyOf(run!) ?? '');

const searchKeyOf = ({ sweep }: RunResult): string | null =>
  sweep?.searched === undefined
    ? null
    : JSON.stringify([
        sweep.part,
        sweep.searched,
        Object.entries({ ...sweep.cell, [sweep.searched]: '' }).sort(([one], [other]) =>
          one < other ? -1 : 1,
        ),
      ]);

/** The settings that all cells of a search share. */
const fixedIn = (search: readonly Group[]): Setting => {
  const varied = new Set(differencesOf(search.map(({ setting }) => setting)).map(({ name }) => name));
  return new Map([...search[0]!.setting].filter(([name]) => !varied.has(name)));
};

/** Whether the other set has the cell's search too. The values that a search tries depend on its runs' outcomes. */
const isOfSharedSearch = (
  { runs: [run] }: Group,
  own: ReadonlyMap<string, Group>,
  others: ReadonlyMap<string, Group>,
): boolean => {
  const key = searchKeyOf(run!);
  if (key === null) return false;
  const [mine, theirs] = [own, others].map((groups) => searchesOf(groups).get(key));
  if (mine === undefined || theirs === undefined) return false;
  const [ofMine, ofTheirs] = [fixedIn(mine), fixedIn(theirs)];
  return [...ofMine].every(([name, value]) => !ofTheirs.has(name) || ofTheirs.get(name) === value);
};

const nearestOf = (
  { setting }: Group,
  own: ReadonlyMap<string, Group>,
  others: ReadonlyMap<string, Group>,
  names: ReadonlyMap<string, string>,
  isOfB: boolean,
): UnmatchedCell['nearest'] => {
  // Prefers cells without a counterpart.
  const alone = [...others].filter(([key]) => !own.has(key));
  const candidates = (alone.length > 0 ? alone : [...others]).map(([key, other]) => ({
    name: names.get(key) ?? '',
    differences: differencesOf(isOfB ? [other.setting, setting] : [setting, other.setting]),
  }));
  return candidates.sort((one, other) => one.differences.length - other.differences.length)[0] ?? null;
};

/** Maximum cells listed if no cell matches; the rest is counted. */
const problemsMax = 5;

const nothingMatches = (onlyInA: readonly UnmatchedCell[]): string[] => {
  const told = onlyInA.slice(0, problemsMax).map(({ name, nearest }) =>
    nearest === null
      ? `${name}: expected runs with the same settings in both sets, but B has no runs`
      : `${name}: expected runs with the same settings in both sets, but B's nearest cell (${nearest.name}) differs in ` +
        `${differencesText(nearest.differences)}; --across compares runs across the settings it names`,
  ); // prettier-ignore
  const rest = onlyInA.length - told.length;
  return rest > 0 ? [...told, `and ${rest} more cells of A without runs in B`] : told;
};

export interface MatchOptions {
  /** Settings that may differ between A and B, by name; `backend` and `driver` among them. */
  across: readonly string[];
}

/**
 * Matches the runs of two sets by their settings.
 * @throws LivemigError BAD_INPUT if no cell is in both sets, with the differences of the nearest ones, and if different
 *   link backends or drivers measured a cell, unless that is allowed
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
  const only = (own: Map<string, Group>, other: Map<string, Group>): [string, Group][] =>
    [...own].filter(([key]) => !other.has(key));
  const shown = (
    cells: readonly [string, Group][],
    own: Map<string, Group>,
    other: Map<string, Group>,
  ): UnmatchedCell[] =>
    cells.map(([key, group]) => ({
      name: names.get(key) ?? '',
      runs: group.runs.length,
      nearest: nearestOf(group, own, other, names, own === b),
    }));
  const both = [...a].flatMap(([key, { runs }]): MatchedCell[] => {
    const others = b.get(key);
    return others === undefined ? [] : [{ name: names.get(key) ?? '', a: runs, b: others.runs }];
  });
  const [ofA, ofB] = [only(a, b), only(b, a)];
  if (both.length === 0) refuse(nothingMatches(shown(ofA, a, b)));
  const missingInB = ofA.filter(([, group]) => !isOfSharedSearch(group, a, b));
  const missingInA = ofB.filter(([, group]) => !isOfSharedSearch(group, b, a));
  const kept = instrumentNames.filter((instrument) => !across.includes(instrument));
  refuse(kept.flatMap((instrument) => acrossProblems(instrument, both)));
  const cells = kept.reduce((split, instrument) => split.flatMap((cell) => splitBy(instrument, cell)), both);
  return {
    cells,
    onlyInA: shown(missingInB, a, b),
    onlyInB: shown(missingInA, b, a),
    leftOut: { a: ofA.length - missingInB.length, b: ofB.length - missingInA.length },
  };
};
