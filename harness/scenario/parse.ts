import type { z } from 'zod';
import { traitsOf } from '#catalogue/strategies';
import type { StrategyTraits } from '#hosts/ports';
import { LivemigError } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import { completeScenario } from './complete.ts';
import { crossChecks } from './cross-checks.ts';
import { keysAt } from './keys.ts';
import { scenarioSchema } from './schema.ts';
import type { Section } from './shorthand.ts';
import { isSection, withOverrides } from './shorthand.ts';
import type { Scenario } from './types.ts';

/** The traits of a scenario's strategy, if it is a file that has been read. */
export type StatedTraits = (scenario: Scenario) => StrategyTraits | undefined;

type Issue = z.core.$ZodIssue;

const linesOf = (schema: ReturnType<typeof scenarioSchema>, document: Section, issue: Issue): string[] => {
  const path = issue.path.map(String).join('.');
  const at = path === '' ? '' : `${path}: `;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at}${unknownName('key', key, keysAt(schema, issue.path))}`);
  if (issue.code === 'invalid_type' && issue.expected === 'object')
    return [`${at}expected ${keysAt(schema, issue.path).join(', ')}, got ${shown(document[path])}`];
  return [`${at}${issue.message}`];
};

/** The document without its invalid fields, so that rules over several fields can still be checked on the rest. */
const withoutFaults = (document: Section, issues: readonly Issue[]): Section => {
  const rest: Section = structuredClone(document);
  for (const issue of issues) {
    const parent = issue.path
      .slice(0, -1)
      .reduce<unknown>((at, key) => (isSection(at) ? at[String(key)] : undefined), rest);
    const own = issue.path.reduce<unknown>((at, key) => (isSection(at) ? at[String(key)] : undefined), rest);
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(-1).map(String);
    const holder = issue.code === 'unrecognized_keys' ? own : parent;
    if (isSection(holder)) for (const key of keys) Reflect.deleteProperty(holder, key);
    // An entry of a list can't be left out without moving the others.
    else Reflect.deleteProperty(rest, String(issue.path[0]));
  }
  return rest;
};

/** The first line of an error with these problems; the lines follow in `problems`. */
export const badInput = (where: string, problems: readonly string[]): LivemigError =>
  new LivemigError(
    'BAD_INPUT',
    `${where}: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`,
    {
      problems,
    },
  );

const schemas = new WeakMap<readonly string[], ReturnType<typeof scenarioSchema>>();

/** Cached: building a schema costs more than using it, and a sweep of thousands of cells needs the same one. */
const schemaFor = (links: readonly string[]): ReturnType<typeof scenarioSchema> => {
  const made = schemas.get(links) ?? scenarioSchema(links);
  schemas.set(links, made);
  return made;
};

/**
 * A scenario from a document (of a YAML file) and the command line's overrides.
 * @param links names of the known link profiles.
 * @param stated traits of a strategy file; undefined = unknown, so that nothing is rejected.
 * @returns the scenario, or all its problems.
 */
export const parseScenario = (
  document: unknown,
  overrides: Section,
  links: readonly string[],
  stated: StatedTraits = () => undefined,
): { scenario: Scenario; problems: [] } | { scenario: undefined; problems: [string, ...string[]] } => {
  const isMapping = document === null || document === undefined || isSection(document);
  const problems = isMapping ? [] : [`expected keys like link, guest and strategy, got ${shown(document)}`];
  const merged = withOverrides(isSection(document) ? document : {}, overrides);
  const schema = schemaFor(links);

  const first = schema.safeParse(merged);
  const issues = first.error?.issues ?? [];
  problems.push(...issues.flatMap((issue) => linesOf(schema, merged, issue)));
  const sound = first.success ? first.data : schema.parse(withoutFaults(merged, issues));
  const scenario = completeScenario(sound);

  const faulty = issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    .map(({ path }) => `${path.join('.')}.`);
  const isFaulty = (path: string): boolean =>
    faulty.some((fault) => fault.startsWith(`${path}.`) || `${path}.`.startsWith(fault));
  const traits = stated(scenario) ?? traitsOf(scenario.strategy);
  for (const check of crossChecks) {
    if (check.reads.some(isFaulty)) continue;
    problems.push(...[check.problem(scenario, sound, traits) ?? []].flat());
  }
  const [head, ...tail] = problems;
  return head === undefined ? { scenario, problems: [] } : { scenario: undefined, problems: [head, ...tail] };
};
