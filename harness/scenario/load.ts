import { basename } from 'node:path';
import { messageOf, toErrorDocument } from '../../proto/errors.ts';
import { isStrategyFile } from '../../proto/strategy.ts';
import { listProfiles, loadProfile } from '../profiles.ts';
import { loadStrategy } from '../strategy-file.ts';
import type { Source } from '../yaml-source.ts';
import { readSource } from '../yaml-source.ts';
import { isLinkFile } from './fields.ts';
import { badInput, parseScenario } from './parse.ts';
import type { Section } from './shorthand.ts';
import type { Scenario } from './types.ts';

/** The file's document, its problems of syntax apart, so that they stand beside those of the command line. */
const readDocument = (file: string): Pick<Source, 'document' | 'problems'> => {
  try {
    const { document, problems } = readSource(file, 'scenario file');
    return { document: problems.length === 0 ? document : {}, problems };
  } catch (error) {
    return { document: {}, problems: toErrorDocument(error).problems ?? [messageOf(error)] };
  }
};

/** Sweeps lie among the scenarios, and only they have parts. */
const isSweep = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'parts' in document;

/** Problems of a link profile that the scenario names by its path. */
const linkFileProblems = (scenario: Scenario | undefined): readonly string[] => {
  if (scenario === undefined || !isLinkFile(scenario.link)) return [];
  try {
    loadProfile(scenario.link);
    return [];
  } catch (error) {
    return toErrorDocument(error).problems ?? [messageOf(error)];
  }
};

/** Problems of a strategy that the scenario names by its path. */
const strategyFileProblems = async (scenario: Scenario | undefined): Promise<readonly string[]> => {
  if (scenario === undefined || !isStrategyFile(scenario.strategy)) return [];
  try {
    await loadStrategy(scenario.strategy);
    return [];
  } catch (error) {
    return toErrorDocument(error).problems ?? [messageOf(error)];
  }
};

/**
 * The scenario of a file, of the command line's options, or of both.
 * @param file a YAML scenario; without one the defaults and the overrides make the scenario.
 * @param overrides a document like the file's, from the command line.
 * @param others problems that are known already, to be reported with the scenario's.
 * @throws LivemigError BAD_INPUT with every problem
 */
export const loadScenario = async (
  file: string | undefined,
  overrides: Section,
  others: readonly string[] = [],
): Promise<Scenario> => {
  const read = file === undefined ? { document: {}, problems: [] } : readDocument(file);
  if (isSweep(read.document))
    throw badInput(file ?? 'command line', [`a sweep, not a scenario: use \`livemig sweep ${file}\``]);
  const parsed = parseScenario(read.document, overrides, listProfiles());
  const problems = [
    ...others,
    ...read.problems,
    ...parsed.problems,
    ...linkFileProblems(parsed.scenario),
    ...(await strategyFileProblems(parsed.scenario)),
  ];
  if (parsed.scenario === undefined || problems.length > 0) throw badInput(file ?? 'command line', problems);
  const name = file === undefined ? 'command-line' : basename(file).replace(/\.ya?ml$/, '');
  return parsed.scenario.name === 'unnamed' ? { ...parsed.scenario, name } : parsed.scenario;
};
