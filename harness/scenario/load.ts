import { basename } from 'node:path';
import { messageOf, toErrorDocument } from '#proto/errors';
import { listProfiles } from '../profiles.ts';
import type { Source } from '../yaml-source.ts';
import { readSource } from '../yaml-source.ts';
import { filesOf } from './files.ts';
import { badInput, parseScenario } from './parse.ts';
import type { StatedTraits } from './parse.ts';
import { isSection } from './shorthand.ts';
import type { Section } from './shorthand.ts';
import type { Scenario } from './types.ts';
import { pathOf } from './where.ts';

interface Given extends Pick<Source, 'document' | 'problems'> {
  /** A problem with its place in the file, if that is where it is. */
  placed: (problem: string) => string;
}

const asItIs = (problem: string): string => problem;

/** The file's document, with syntax problems separate, so that they are reported with those of the command line. */
const readDocument = (file: string, overrides: Section): Given => {
  try {
    const source = readSource(file, 'scenario file');
    const { document, problems } = source;
    const isInFile = (key: string): boolean =>
      isSection(document) && Object.hasOwn(document, key) && overrides[key] === undefined;
    return {
      document: problems.length === 0 ? document : {},
      problems,
      placed: (problem) => {
        const path = pathOf(problem);
        return isInFile(path[0] ?? '') ? `${source.line(path)}: ${problem}` : problem;
      },
    };
  } catch (error) {
    return { document: {}, problems: toErrorDocument(error).problems ?? [messageOf(error)], placed: asItIs };
  }
};

/** Only sweeps have parts. */
const isSweep = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'parts' in document;

/**
 * The scenario of a file or document, of the command line's options, or of both.
 * @param source the path of a YAML scenario, or its content; without either the defaults and the overrides make the scenario.
 * @param overrides a document like the file's, from the command line.
 * @param others known problems, reported together with the scenario's.
 * @throws LivemigError BAD_INPUT with every problem
 */
export const loadScenario = async (
  source: string | Section | undefined,
  overrides: Section,
  others: readonly string[] = [],
): Promise<Scenario> => {
  const file = typeof source === 'string' ? source : undefined;
  const given = source === undefined ? 'command line' : 'scenario';
  const read =
    file === undefined
      ? { document: typeof source === 'object' ? source : {}, problems: [], placed: asItIs }
      : readDocument(file, overrides);
  if (isSweep(read.document))
    throw badInput(file ?? given, [`a sweep, not a scenario: use \`livemig sweep ${file ?? 'FILE'}\``]);
  const parse = (stated?: StatedTraits) => parseScenario(read.document, overrides, listProfiles(), stated);
  const parsed = parse();
  const files = await filesOf(parsed.scenario === undefined ? [] : [parsed.scenario]);
  const problems = [
    ...others,
    ...read.problems,
    ...parsed.problems.map(read.placed),
    ...files.problems,
    ...(files.stated === null ? [] : parse(files.stated).problems.map(read.placed)),
  ];
  if (parsed.scenario === undefined || problems.length > 0) throw badInput(file ?? given, problems);
  const name = file === undefined ? given.replace(' ', '-') : basename(file).replace(/\.ya?ml$/, '');
  return parsed.scenario.name === 'unnamed' ? { ...parsed.scenario, name } : parsed.scenario;
};
