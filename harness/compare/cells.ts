import { LivemigError } from '../../proto/errors.ts';
import type { RunResult } from '../result.ts';
import { cellText } from '../trends/cells.ts';
import { scaleText } from '../trends/words.ts';

/** Runs of both sets that were made under the same circumstances. */
export interface MatchedCell {
  /** What a person calls it. */
  name: string;
  a: RunResult[];
  b: RunResult[];
}

export interface Matched {
  cells: MatchedCell[];
  onlyInA: string[];
  onlyInB: string[];
}

/** What makes two runs comparable, but for the backend: a cell of a sweep, or scenario, strategy and link. */
const nameOf = ({ sweep, scenario, strategy, link }: RunResult): string =>
  sweep === null
    ? `${scenario.name}: ${strategy} over ${link.profile}`
    : `${sweep.name}: ${cellText(sweep.part, Object.fromEntries(Object.entries(sweep.cell).sort()))}, κ_M ${scaleText(sweep.guestScale)}`;

/** Runs that ended before they had a link were made by none. */
export const backendsOf = (runs: readonly RunResult[]): string[] =>
  [...new Set(runs.flatMap(({ link }) => (link.backend === null ? [] : [link.backend])))].sort();

export const driversOf = (runs: readonly RunResult[]): string[] =>
  [...new Set(runs.flatMap(({ driver }) => (driver === null ? [] : [driver])))].sort();

/** One cell a backend, so that those of a set with several are not mixed either. */
const byBackend = (cell: MatchedCell): MatchedCell[] => {
  const backends = backendsOf([...cell.a, ...cell.b]);
  if (backends.length < 2) return [cell];
  const of = (runs: readonly RunResult[], backend: string): RunResult[] =>
    runs.filter(({ link }) => link.backend === backend);
  return backends.map((backend) => ({
    name: `${cell.name}, ${backend}`,
    a: of(cell.a, backend),
    b: of(cell.b, backend),
  }));
};

/** @throws LivemigError BAD_INPUT, one problem for each pair of backends */
const refuseAcross = (cells: readonly MatchedCell[]): void => {
  const pairs = cells.flatMap(({ name, a, b }) => {
    const [ofA, ofB] = [backendsOf(a).join(' and '), backendsOf(b).join(' and ')];
    return ofA === ofB || ofA === '' || ofB === '' ? [] : [{ name, pair: `A by ${ofA}, B by ${ofB}` }];
  });
  const problems = [...Map.groupBy(pairs, ({ pair }) => pair)].map(
    ([pair, [first, ...rest]]) =>
      `${first?.name ?? ''}${rest.length === 0 ? '' : ` and ${rest.length} more`}: ${pair}; what different link backends ` +
      'measured is only compared with --across-backends',
  );
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
};

/**
 * Puts the runs of two sets side by side.
 * @throws LivemigError BAD_INPUT where a cell has different link backends in the two, unless that is asked for
 */
export const matchCells = (
  runsA: readonly RunResult[],
  runsB: readonly RunResult[],
  { acrossBackends }: { acrossBackends: boolean },
): Matched => {
  const a = Map.groupBy(runsA, nameOf);
  const b = Map.groupBy(runsB, nameOf);
  const both = [...a].flatMap(([name, runs]): MatchedCell[] => {
    const others = b.get(name);
    return others === undefined ? [] : [{ name, a: runs, b: others }];
  });
  if (!acrossBackends) refuseAcross(both);
  return {
    cells: acrossBackends ? both : both.flatMap(byBackend),
    onlyInA: [...a.keys()].filter((name) => !b.has(name)),
    onlyInB: [...b.keys()].filter((name) => !a.has(name)),
  };
};
