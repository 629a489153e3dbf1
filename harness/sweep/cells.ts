import { gibibyte, mebibyte, pageSizeBytes } from '../../proto/units.ts';
import type { Scenario, Section } from '../scenario.ts';
import { parseScenario } from '../scenario.ts';
import type { Part, SweepDefinition } from './definition.ts';
import type { BisectDocument, Labels } from './document.ts';
import { blame, layered, valueLayer } from './layers.ts';
import type { Layer } from './layers.ts';
import type { Source } from '../yaml-source.ts';

/** One point of a part's grid. */
export interface Cell {
  part: string;
  labels: Labels;
  repeats: number;
  scenario: Scenario;
}

/** A bisection along one axis at one point of a part's grid. */
export interface Search {
  part: string;
  /** Without the axis that is searched. */
  labels: Labels;
  repeats: number;
  bisect: BisectDocument;
  /** The scenario with the axis at this value; the ends of the range are valid, so all between are. */
  scenarioAt: (value: number) => Scenario;
}

export interface Expansion {
  cells: readonly Cell[];
  searches: readonly Search[];
}

/** `hybrid link=1G stressMB=2048` */
export const cellText = (part: string, labels: Labels): string =>
  [part, ...Object.entries(labels).map(([axis, label]) => `${axis}=${label}`)].join(' ');

interface Point {
  labels: Labels;
  layers: readonly Layer[];
}

/** Every combination of the axes' values. */
const pointsOf = ({ axes, layer }: Part, base: Layer): Point[] =>
  axes.reduce<Point[]>(
    (points, axis) =>
      points.flatMap(({ labels, layers }) =>
        axis.map((value) => ({
          labels: { ...labels, ...value.labels },
          layers: [...layers, value.layer],
        })),
      ),
    [{ labels: {}, layers: [base, layer] }],
  );

const unitBytes = { MiB: mebibyte, GiB: gibibyte } as const;

/** The fastest runs take 4 s each, so that many take a day. Results of more don't fit into one text, which they are read as. */
const sweepRunsMax = 20_000;

/** Runs of all cells; a search counts as one run a repetition, as only its outcomes tell how many it takes. */
const runsOf = (parts: readonly Part[]): number =>
  parts.reduce(
    (sum, { axes, repeats }) => sum + axes.reduce((product, axis) => product * axis.length, repeats),
    0,
  );

/** A value of the searched axis in the scenario's terms; sizes in whole pages. */
const searchLayer = ({ part, bisect }: { part: string; bisect: BisectDocument }, value: number): Layer => {
  const { sets, unit } = bisect;
  const set =
    unit === undefined ? value : Math.round((value * unitBytes[unit]) / pageSizeBytes) * pageSizeBytes;
  return valueLayer(sets, set, ['parts', part, 'bisect']);
};

/** The same problem of many cells is told once, with the first of them. */
class CellProblems {
  readonly #cells = new Map<string, { first: string; others: number }>();

  add(problem: string, cell: string): void {
    const known = this.#cells.get(problem);
    if (known === undefined) this.#cells.set(problem, { first: cell, others: 0 });
    else known.others++;
  }

  list(): string[] {
    return [...this.#cells].map(([problem, { first, others }]) =>
      others === 0 ? `${problem} (${first})` : `${problem} (${first} and ${others} more)`,
    );
  }
}

/**
 * Every cell and search of a definition, each of whose scenarios is complete and valid.
 * @param overrides the command line's, over whatever the file says.
 * @returns problems of all of the scenarios, with the place in the file that they come from.
 */
export const expand = (
  { base, parts, name }: SweepDefinition,
  source: Source,
  overrides: Section,
  links: readonly string[],
): Expansion & { problems: string[] } => {
  const runs = runsOf(parts);
  if (runs > sweepRunsMax)
    return {
      cells: [],
      searches: [],
      problems: [
        `${source.at(['parts'])}: expected at most ${sweepRunsMax} runs, got ${runs}: every value of an axis multiplies them`,
      ],
    };
  const problems = new CellProblems();
  const scenarioOf = (part: string, labels: Labels, layers: readonly Layer[]): Scenario | undefined => {
    const document = { ...layered(layers), name: `${name}.${part}` };
    const parsed = parseScenario(document, overrides, links);
    for (const problem of parsed.problems)
      problems.add(
        `${source.at(blame(layers, problem) ?? ['parts', part])}: ${problem}`,
        cellText(part, labels),
      );
    return parsed.scenario;
  };
  const cells: Cell[] = [];
  const searches: Search[] = [];
  for (const part of parts)
    for (const { labels, layers } of pointsOf(part, base)) {
      const point = { part: part.name, labels, repeats: part.repeats };
      const { bisect } = part;
      if (bisect === null) {
        const scenario = scenarioOf(part.name, labels, layers);
        if (scenario !== undefined) cells.push({ ...point, scenario });
        continue;
      }
      const at = (value: number): Scenario | undefined =>
        scenarioOf(part.name, { ...labels, [bisect.axis]: value }, [
          ...layers,
          searchLayer({ part: part.name, bisect }, value),
        ]);
      if (at(bisect.low) !== undefined && at(bisect.high) !== undefined)
        searches.push({ ...point, bisect, scenarioAt: (value) => at(value)! });
    }
  return { cells, searches, problems: problems.list() };
};
