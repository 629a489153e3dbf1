import { messageOf, toErrorDocument } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import { listProfiles } from '../profiles.ts';
import type { Scenario, Section, StatedTraits } from '../scenario.ts';
import { badInput, filesOf } from '../scenario.ts';
import type { DriverName } from '../testbed/testbed.ts';
import { experimentsFor } from '../studies/folder.ts';
import type { Expansion } from './cells.ts';
import { expand } from './cells.ts';
import type { Part, SweepDefinition } from './definition.ts';
import { readDefinition } from './definition.ts';
import type { Identity } from './identity.ts';
import { identityOf } from './identity.ts';
import type { Block } from './plan.ts';
import { planOf } from './plan.ts';
import type { Source } from '../yaml-source.ts';
import { readSource } from '../yaml-source.ts';

/** The command line's settings besides the file. */
export interface SweepRequest {
  /** A scenario document over every cell: link, driver, backend. */
  overrides: Section;
  /** Parts to run; null = all. */
  only: readonly string[] | null;
  repeats: number | null;
  seed: number | null;
  retries: number | null;
}

export interface PreparedSweep {
  definition: SweepDefinition;
  /** The file's content. */
  document: unknown;
  identity: Identity;
  /** In run order; only of the requested parts. */
  blocks: readonly Block[];
  /** Likewise, of all parts. */
  allBlocks: readonly Block[];
  driver: DriverName | 'auto';
}

const keysOf = ({ axes, bisect }: Part): string[] => [
  ...axes.flatMap((axis) => axis.flatMap(({ layer }) => layer.keys)),
  ...(bisect === null ? [] : bisect.sets.split('.', 1)),
];

/** An option for every cell contradicts what the sweep varies. */
const overrideProblems = (parts: readonly Part[], overrides: Section): string[] =>
  Object.keys(overrides).flatMap((key) => {
    const varying = parts.filter((part) => keysOf(part).includes(key)).map(({ name }) => name);
    return varying.length === 0
      ? []
      : [
          `--${key}: ${varying.join(', ')} ${varying.length === 1 ? 'varies' : 'vary'} the ${key}; choose others with --only`,
        ];
  });

const onlyProblems = (only: readonly string[] | null, parts: readonly Part[]): string[] => {
  const known = parts.map(({ name }) => name);
  return (only ?? [])
    .filter((name) => !known.includes(name))
    .map((name) => `--only: ${unknownName('part', name, known)}`);
};

/** The scenarios of every cell, and of both ends of every search. */
const scenariosOf = ({ cells, searches }: Expansion): Scenario[] => [
  ...cells.map(({ scenario }) => scenario),
  ...searches.flatMap(({ scenarioAt, bisect: { low, high } }) => [scenarioAt(low), scenarioAt(high)]),
];

const withRequest = (definition: SweepDefinition, request: SweepRequest): SweepDefinition => ({
  ...definition,
  seed: request.seed ?? definition.seed,
  retries: request.retries ?? definition.retries,
  repeats: request.repeats ?? definition.repeats,
  parts: definition.parts.map((part) => ({ ...part, repeats: request.repeats ?? part.repeats })),
});

const sourceOf = (file: string, others: readonly string[]): Source => {
  try {
    return readSource(file, 'sweep file');
  } catch (error) {
    throw badInput(file, [...others, ...(toErrorDocument(error).problems ?? [messageOf(error)])]);
  }
};

/**
 * Reads a sweep file and makes sure that everything in it can run.
 * @param others known problems, reported together with the file's.
 * @throws LivemigError BAD_INPUT with every problem
 */
export const prepareSweep = async (
  file: string,
  request: SweepRequest,
  others: readonly string[],
): Promise<PreparedSweep> => {
  const source = sourceOf(file, others);
  const { definition: read, problems } = readDefinition(source, experimentsFor(file));
  problems.unshift(...others);
  if (read === null) throw badInput(file, problems);
  const definition = withRequest(read, request);
  const selected = definition.parts.filter(({ name }) => request.only?.includes(name) ?? true);
  problems.push(...onlyProblems(request.only, definition.parts));
  problems.push(...overrideProblems(selected, request.overrides));
  const expanded = (stated?: StatedTraits) =>
    expand(definition, source, request.overrides, listProfiles(), stated);
  const expansion = expanded();
  const scenarios = scenariosOf(expansion);
  const files = await filesOf(scenarios);
  problems.push(...expansion.problems, ...files.problems);
  // Traits from strategy files may rule out otherwise valid settings.
  if (expansion.problems.length === 0 && files.stated !== null)
    problems.push(...expanded(files.stated).problems);
  const [driver = 'auto', ...otherDrivers] = new Set(scenarios.map((scenario) => scenario.driver));
  if (otherDrivers.length > 0)
    problems.push(`${file}: a sweep uses a single driver, got ${[driver, ...otherDrivers].join(', ')}`);
  if (problems.length > 0) throw badInput(file, problems);
  const isSelected = ({ part }: { part: string }): boolean => selected.some(({ name }) => name === part);
  const wanted = {
    cells: expansion.cells.filter(isSelected),
    searches: expansion.searches.filter(isSelected),
  };
  return {
    definition,
    document: source.document,
    identity: identityOf(definition, expansion),
    blocks: planOf(wanted, definition),
    allBlocks: planOf(expansion, definition),
    driver,
  };
};
