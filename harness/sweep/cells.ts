import { gibibyte, mebibyte, pageSizeBytes } from '#proto/units';
import { unpredictable } from '../prediction/modelled.ts';
import type { Scenario, Section, StatedTraits } from '../scenario.ts';
import { parseScenario } from '../scenario.ts';
import type { Part, SweepDefinition } from './definition.ts';
import type { BisectDocument, Labels, PredictDocument } from './document.ts';
import { blame, layered, valueLayer } from './layers.ts';
import type { Layer } from './layers.ts';
import type { Source } from '../yaml-source.ts';

/** One point of a part's grid. */
export interface Cell {
  part: string;
  labels: Labels;
  repeats: number;
  scenario: Scenario;
  /** What is predicted of its runs; null = nothing. */
  predict: PredictDocument | null;
}

/** A bisection along one axis at one point of a part's grid. */
export interface Search {
  part: string;
  /** Without the searched axis. */
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

/**
 * At 4 s for the fastest runs, this many take a day. More results don't fit into one string, as which they are read.
 */
const sweepRunsMax = 20_000;

/** Runs of all cells; a search counts as one run per repetition, as only its outcomes determine how many it takes. */
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

/** Reports the same problem of many cells once, for the first of them. */
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
 * Every cell and search of a definition, with complete and valid scenarios.
 * @param overrides from the command line; they take precedence over the file.
 * @param stated traits of strategy files that have been read.
 * @returns problems of all scenarios, with their place in the file.
 */
export const expand = (
  { base, parts, name }: SweepDefinition,
  source: Source,
  overrides: Section,
  links: readonly string[],
  stated?: StatedTraits,
): Expansion & { problems: string[] } => {
  const runs = runsOf(parts);
  if (runs > sweepRunsMax)
    return {
      cells: [],
      searches: [],
      problems: [
        `${source.at(['parts'])}: expected at most ${sweepRunsMax} runs, got ${runs}: every value of an axis multiplies the number`,
      ],
    };
  const problems = new CellProblems();
  const scenarioOf = (part: string, labels: Labels, layers: readonly Layer[]): Scenario | undefined => {
    const document = { ...layered(layers), name: `${name}.${part}` };
    const parsed = parseScenario(document, overrides, links, stated);
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
      const { bisect, predict } = part;
      if (bisect === null) {
        const scenario = scenarioOf(part.name, labels, layers);
        if (scenario === undefined) continue;
        for (const problem of predict === null ? [] : unpredictable(scenario, predict.models))
          problems.add(
            `${source.at(['parts', part.name, 'predict'])}: ${problem}`,
            cellText(part.name, labels),
          );
        cells.push({ ...point, scenario, predict });
        continue;
      }
      const at = (value: number): Scenario | undefined =>
        scenarioOf(part.name, { ...labels, [bisect.axis]: value }, [
          ...layers,
          searchLayer({ part: part.name, bisect }, value),
        ]);
      const low = at(bisect.low);
      if (low?.thresholds !== undefined)
        problems.add(
          `${source.at(['parts', part.name, 'bisect'])}: thresholds: a search has no fixed cells to judge: give them to parts without bisect`,
          cellText(part.name, labels),
        );
      if (low !== undefined && at(bisect.high) !== undefined)
        searches.push({ ...point, bisect, scenarioAt: (value) => at(value)! });
    }
  return { cells, searches, problems: problems.list() };
};
