import type { z } from 'zod';
import { nearest, unknownName } from '../nearest.ts';
import type { Section } from '../scenario.ts';
import { keysAt } from '../scenario/keys.ts';
import type {
  BisectDocument,
  Label,
  Labels,
  PartDocument,
  PredictDocument,
  SweepDocument,
} from './document.ts';
import { partSchema, sweepSchema, words } from './document.ts';
import type { Layer } from './layers.ts';
import { sectionLayer, valueLayer } from './layers.ts';
import type { Path, Source } from '../yaml-source.ts';

export interface AxisValue {
  /** Usually one; several for axes that aren't independent. */
  labels: Labels;
  layer: Layer;
}

/** The values of one key of a grid. */
export type Axis = readonly AxisValue[];

export interface Part {
  name: string;
  description: string;
  repeats: number;
  layer: Layer;
  axes: readonly Axis[];
  bisect: BisectDocument | null;
  predict: PredictDocument | null;
}

/** A sweep file with a valid structure; its scenarios are validated separately. */
export interface SweepDefinition extends Omit<SweepDocument, 'parts' | 'base'> {
  base: Layer;
  parts: readonly Part[];
}

const problemsOf = (schema: z.ZodObject, error: z.ZodError, source: Source, prefix: Path): string[] =>
  error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code !== 'unrecognized_keys') return [`${source.at(path)}: ${issue.message}`];
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => `${source.at([...path, key])}: ${unknownName('key', key, known)}`);
  });

/** Keys that the sweep itself sets for every run. */
const ownKeys: readonly string[] = ['name', 'seed', 'repeat'];

const forbidden = (section: Section, path: Path, source: Source): string[] =>
  Object.keys(section)
    .filter((key) => ownKeys.includes(key))
    .map((key) => `${source.at([...path, key])}: the sweep sets every run's ${key} itself`);

/** Mapping keys are strings; a label that looks like a number becomes one. */
const labelOf = (text: string): Label => (/^(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text);

const labelsOf = (names: readonly string[], text: string): Labels =>
  names.length === 1
    ? { [names[0]!]: labelOf(text) }
    : Object.fromEntries(words(text).map((label, index) => [names[index]!, labelOf(label)]));

const axisOf = (name: string, values: PartDocument['grid'][string], path: Path): Axis =>
  Array.isArray(values)
    ? values.map((value, index) => ({
        labels: { [name]: value },
        layer: valueLayer(name, value, [...path, index]),
      }))
    : Object.entries(values).map(([text, section]) => ({
        labels: labelsOf(words(name), text),
        layer: sectionLayer(section ?? {}, [...path, text]),
      }));

const partOf = (name: string, document: PartDocument, repeats: number): Part => {
  const path = ['parts', name];
  return {
    name,
    description: document.description ?? '',
    repeats: document.repeats ?? repeats,
    layer: sectionLayer(document.scenario, [...path, 'scenario']),
    axes: Object.entries(document.grid).map(([axis, values]) =>
      axisOf(axis, values, [...path, 'grid', axis]),
    ),
    bisect: document.bisect ?? null,
    predict: document.predict ?? null,
  };
};

const sectionsOf = (name: string, { scenario, grid }: PartDocument): [Section, Path][] => [
  [scenario, ['parts', name, 'scenario']],
  ...Object.entries(grid).flatMap(([axis, values]): [Section, Path][] =>
    Array.isArray(values)
      ? [[{ [axis]: null }, ['parts', name, 'grid']]]
      : Object.entries(values).map(([label, section]) => [
          section ?? {},
          ['parts', name, 'grid', axis, label],
        ]),
  ),
];

/** The scale of its guests is a choice only where they have something to be compared with. */
const scaleProblems = ({ experiment }: SweepDocument, document: Section, source: Source): string[] =>
  experiment === null || 'guestScale' in document
    ? []
    : [
        `${source.at(['experiment'])}: expected guestScale beside it, the scale of the guests relative to those of ` +
          `${experiment}, like 1/16`,
      ];

/** A misspelt experiment would produce a result set that no study judges. */
const experimentProblems = (document: SweepDocument, known: readonly string[], source: Source): string[] => {
  const { experiment } = document;
  if (experiment === null || known.includes(experiment)) return [];
  const guess = nearest(experiment, known);
  return [
    `${source.at(['experiment'])}: no experiment "${experiment}" was published` +
      `${guess === undefined ? '' : `; did you mean "${guess}"?`} (known: ${known.join(', ')}, or null)`,
  ];
};

const isMapping = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Replacements for invalid top-level values, so that the parts are still validated. */
const standIns = { name: 'sweep', guestScale: 1, repeats: 1, seed: 0, base: {}, parts: {} };

/** The document without its invalid top-level values. */
const soundTop = (document: Section, error: z.ZodError): SweepDocument => {
  const faulty = new Set(
    error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0
        ? issue.keys
        : issue.path.slice(0, 1).map(String),
    ),
  );
  const sound = Object.entries(document).filter(([key]) => !faulty.has(key));
  return sweepSchema.parse({ ...standIns, ...Object.fromEntries(sound) });
};

/** @returns the definition as far as it is valid, and every structural problem with its place in the file. */
export const readDefinition = (
  source: Source,
  experiments: readonly string[],
): { definition: SweepDefinition | null; problems: string[] } => {
  const problems = [...source.problems];
  if (problems.length > 0) return { definition: null, problems };
  const { document } = source;
  if (!isMapping(document))
    return {
      definition: null,
      problems: [`${source.at([])}: expected name, repeats, seed, base and parts`],
    };
  const read = sweepSchema.safeParse(document);
  if (!read.success) problems.push(...problemsOf(sweepSchema, read.error, source, []));
  const top = read.success ? read.data : soundTop(document, read.error);
  const named = isMapping(document['parts']) ? Object.entries(document['parts']) : [];
  const parts = named.flatMap(([name, part]) => {
    const parsed = partSchema.safeParse(part ?? {});
    if (parsed.success) return [{ name, document: parsed.data }];
    problems.push(...problemsOf(partSchema, parsed.error, source, ['parts', name]));
    return [];
  });
  for (const part of parts)
    for (const [section, path] of sectionsOf(part.name, part.document))
      problems.push(...forbidden(section, path, source));
  if (named.length === 0) problems.push(`${source.at(['parts'])}: expected at least one part`);
  problems.push(
    ...forbidden(top.base, ['base'], source),
    ...experimentProblems(top, experiments, source),
    ...scaleProblems(top, document, source),
  );
  const definition = {
    ...top,
    base: sectionLayer(top.base, ['base']),
    parts: parts.map((part) => partOf(part.name, part.document, top.repeats)),
  };
  return { definition, problems };
};
