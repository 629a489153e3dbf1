import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { messageOf, toErrorDocument } from '#proto/errors';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import type { Control, KnownFailure, Study, StudyDefinition } from '../trends/study.ts';
import { usualRules } from '../trends/tolerances.ts';
import type { Rules, Tolerance } from '../trends/tolerances.ts';
import type { Source } from '../yaml-source.ts';
import { readSource } from '../yaml-source.ts';
import { definitionIn, isPath, nameOf, studyNames } from './folder.ts';
import { definitionSchema, knownFailuresSchema, tolerancesSchema } from './schema.ts';

const tolerancesFile = 'tolerances.json';
const knownFailuresFile = 'known-failures.json';

/** A file of the folder; null and a problem if it can't be read. */
const sourceOf = (file: string, what: string, problems: string[]): Source | null => {
  try {
    const source = readSource(file, what);
    problems.push(...source.problems);
    return source.problems.length > 0 ? null : source;
  } catch (error) {
    problems.push(...(toErrorDocument(error).problems ?? [messageOf(error)]));
    return null;
  }
};

/** Validates a file by a schema. JSON is read as YAML, whose reader knows the lines. */
const parsedOf = <T extends z.ZodType>(
  schema: T,
  source: Source | null,
  problems: string[],
): z.output<T> | null => {
  if (source === null) return null;
  const read = schema.safeParse(source.document);
  if (read.success) return read.data;
  problems.push(
    ...read.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${source.at([...issue.path, key])}: unknown key ${shown(key)}`)
        : [`${source.at(issue.path)}: ${issue.message}`],
    ),
  );
  return null;
};

/** SHA-256 of the frozen rules and checks. */
export const digestOf = ({ rules, checks }: { rules?: unknown; checks: unknown }): string =>
  createHash('sha256').update(JSON.stringify({ rules, checks })).digest('hex');

interface Tolerances {
  rules: Rules;
  tolerances: Readonly<Record<string, Tolerance>>;
  frozenOn: string | null;
}

const tolerancesOf = (file: string, problems: string[]): Tolerances | null => {
  const source = sourceOf(file, 'tolerances', problems);
  const read = parsedOf(tolerancesSchema, source, problems);
  if (source === null || read === null) return null;
  const { checks, changes } = read;
  const digest = digestOf(source.document as { checks: unknown });
  const last = changes.at(-1);
  if (last !== undefined && last.digest !== digest)
    problems.push(
      `${source.at(['changes', changes.length - 1, 'digest'])}: expected the digest of the current rules and checks, ` +
        `${digest}; a change needs a new entry with its day and reason`,
    );
  const days = changes.map(({ on }) => on);
  if (days.some((on, index) => on < (days[index - 1] ?? '')))
    problems.push(`${source.at(['changes'])}: expected the earliest first, got ${days.join(', ')}`);
  // zod's optional keys may be undefined; here they must be absent.
  const rules = { ...usualRules, ...(read.rules as Partial<Rules> | undefined) };
  return { rules, tolerances: checks, frozenOn: days[0] ?? null };
};

const issuePath = (path: readonly PropertyKey[]): string => path.map(String).join('.');

const definitionOf = async (file: string, problems: string[]): Promise<StudyDefinition | null> => {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
  } catch (error) {
    problems.push(`${file}: it can't be loaded: ${messageOf(error).split('\n', 1)[0] ?? ''}`);
    return null;
  }
  const read = definitionSchema.safeParse(module.default);
  if (read.success) return module.default as StudyDefinition;
  problems.push(
    ...read.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${file}: unknown key ${shown(issuePath([...issue.path, key]))}`)
        : [`${file}: ${issuePath(['export default', ...issue.path])}: ${issue.message}`],
    ),
  );
  return null;
};

/** Ids that occur more than once, each once. */
const repeatedIds = (ids: readonly string[]): string[] => [
  ...new Set(ids.filter((id, index) => ids.indexOf(id) !== index)),
];

const checkProblems = (file: string, { trends = [], onPaper, eras = [] }: StudyDefinition): string[] => {
  const checks = trends.flatMap((trend) => trend.checks);
  return [
    ...repeatedIds(checks.map(({ id }) => id)).map((id) => `${file}: two checks have the id ${shown(id)}`),
    ...checks
      .filter(({ control, isContested }) => !(control as Control | null | undefined) && isContested !== true)
      .map(
        ({ id }) => `${file}: check ${id}: expected a control, runs on which it must fail: { setup, spoil }`,
      ),
    ...eras.flatMap((era) =>
      Object.keys(era.checks)
        .filter((id) => !checks.some((check) => check.id === id))
        .map(
          (id) =>
            `${file}: era ${era.name}: ${unknownName(
              'check',
              id,
              checks.map((check) => check.id),
            )}`,
        ),
    ),
    ...(eras.length > 0 && onPaper?.withoutSoftware === undefined
      ? [`${file}: expected onPaper.withoutSoftware, runs that only an era's fixed time lets hold`]
      : []),
    ...(checks.length > 0 && onPaper === undefined
      ? [`${file}: expected onPaper.holding, runs on which every check holds, for the controls to alter`]
      : []),
  ];
};

/** Tolerances without a check, and checks without a tolerance. */
const toleranceProblems = (
  folder: string,
  { trends = [] }: StudyDefinition,
  tolerances: Tolerances | null,
  known: readonly KnownFailure[],
): string[] => {
  if (tolerances === null) return [];
  const ids = trends.flatMap(({ checks }) => checks.map(({ id }) => id));
  const wanted = Object.keys(tolerances.tolerances);
  return [
    ...ids
      .filter((id) => !wanted.includes(id))
      .map((id) => `${join(folder, tolerancesFile)}: expected a tolerance of check ${id}`),
    ...wanted
      .filter((id) => !ids.includes(id))
      .map((id) => `${join(folder, tolerancesFile)}: ${unknownName('check', id, ids)}`),
    ...known
      .filter(({ id }) => !ids.includes(id))
      .map(({ id }) => `${join(folder, knownFailuresFile)}: ${unknownName('check', id, ids)}`),
  ];
};

/** @returns the path, if the file exists or is required */
const sweepOf = (folder: string, file: string, isNeeded: boolean, problems: string[]): string | null => {
  const path = join(folder, file);
  if (!isNeeded && !existsSync(path)) return null;
  const source = sourceOf(path, 'sweep file', problems);
  const document = source?.document as { experiment?: unknown } | null | undefined;
  const name = nameOf(folder);
  if (source !== null && document?.experiment !== name)
    problems.push(
      `${source.at(['experiment'])}: expected ${name}, the name of the study's folder, got ${shown(document?.experiment)}`,
    );
  return path;
};

const folderProblem = (folder: string, word: string): string | null => {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return isPath(word)
      ? `${word}: there is no such folder`
      : `${unknownName('study', word, studyNames())}, or the path of a study's folder`;
  const name = nameOf(folder);
  return /^[\w.-]{1,64}$/.test(name)
    ? null
    : `${folder}: expected a folder name of letters, digits, . _ and -, as it is the study's name`;
};

/**
 * Reads a study's folder.
 * @param word as the user wrote it
 * @returns null if there are problems, which are all added to `problems`, each with its file
 */
export const readStudy = async (folder: string, word: string, problems: string[]): Promise<Study | null> => {
  const missing = folderProblem(folder, word);
  if (missing !== null) {
    problems.push(missing);
    return null;
  }
  const found: string[] = [];
  const file = definitionIn(folder);
  if (!existsSync(file)) {
    problems.push(`${file}: no such file; a study's folder must have it`);
    return null;
  }
  const definition = await definitionOf(file, found);
  const hasChecks = (definition?.trends ?? []).length > 0;
  const isRepeated = hasChecks || (definition?.plots ?? []).length > 0;
  const tolerancesPath = join(folder, tolerancesFile);
  const tolerances = hasChecks || existsSync(tolerancesPath) ? tolerancesOf(tolerancesPath, found) : null;
  const knownPath = join(folder, knownFailuresFile);
  const known = existsSync(knownPath)
    ? parsedOf(knownFailuresSchema, sourceOf(knownPath, 'known failures', found), found)
    : null;
  const sweeps = {
    full: sweepOf(folder, 'full.yaml', isRepeated, found),
    quick: sweepOf(folder, 'quick.yaml', false, found),
  };
  const knownFailures = known?.knownFailures ?? [];
  if (definition !== null)
    found.push(
      ...checkProblems(file, definition),
      ...toleranceProblems(folder, definition, tolerances, knownFailures),
    );
  problems.push(...found);
  if (definition === null || found.length > 0) return null;
  return {
    trends: [],
    contradictions: () => [],
    eras: [],
    subset: [],
    plots: [],
    tables: [],
    ...definition,
    name: nameOf(folder),
    onPaper: definition.onPaper ?? null,
    sweeps,
    rules: usualRules,
    tolerances: {},
    frozenOn: null,
    ...tolerances,
    knownFailures,
  };
};
