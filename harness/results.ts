import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { LivemigError, messageOf } from '#proto/errors';
import { isMissing } from './files/places.ts';
import { jsonLinesOf, tornText } from './files/json-lines.ts';
import type { RunResult } from './result.ts';
import { runResultSchema } from './result.ts';

/** One document of a file and where it stands there, for messages. */
interface Found {
  where: string;
  document: unknown;
}

type Problems = string[];

/** More of one document would say the same again: a document of another schema is wrong in dozens of places. */
const problemsPerDocument = 3;

const parseJson = (text: string, where: string, problems: Problems): Found[] => {
  try {
    return [{ where, document: JSON.parse(text) as unknown }];
  } catch (error) {
    problems.push(`${where}: not JSON (${messageOf(error)})`);
    return [];
  }
};

/** What is being read, and what is wrong with it. */
interface Reading {
  problems: Problems;
  /** Lines that were never whole. */
  torn: string[];
}

const linesOf = (text: string, file: string, { problems, torn }: Reading): Found[] =>
  jsonLinesOf(text).flatMap((line) => {
    if (line.document !== undefined) return [{ where: `${file}:${line.number}`, document: line.document }];
    if (line.isTorn) torn.push(tornText(file, line));
    else problems.push(`${file}:${line.number}: ${line.why}`);
    return [];
  });

/** A `.json` file holds one result, or several under `results`. */
const severalOf = ({ where, document }: Found): Found[] => {
  const results = (document as { results?: unknown } | null)?.results;
  if (!Array.isArray(results)) return [{ where, document }];
  return results.map((result: unknown, index) => ({
    where: `${where}: results[${index}]`,
    document: result,
  }));
};

/** As it is, or compressed: result sets shrink to a tenth and less. Null = it can't be unpacked. */
const textOf = async (file: string, problems: Problems): Promise<string | null> => {
  const bytes = await readFile(file);
  if (!file.endsWith('.zst')) return bytes.toString('utf8');
  try {
    return (await promisify(zstdDecompress)(bytes)).toString('utf8');
  } catch (error) {
    problems.push(`${file}: expected a file compressed by zstd (${messageOf(error)})`);
    return null;
  }
};

const readFileOf = async (file: string, reading: Reading): Promise<Found[]> => {
  const { problems } = reading;
  const isLines = /\.jsonl(\.zst)?$/.test(file);
  if (!isLines && !file.endsWith('.json')) {
    problems.push(`${file}: expected a directory, a .jsonl, .jsonl.zst or .json file`);
    return [];
  }
  const text = await textOf(file, problems);
  if (text === null) return [];
  return isLines ? linesOf(text, file, reading) : parseJson(text, file, problems).flatMap(severalOf);
};

const runFileNames: readonly string[] = ['runs.jsonl', 'runs.jsonl.zst'];

/** Every `runs.jsonl` below a directory, compressed ones too. The `.json` files beside it hold the same runs once more. */
const runFilesOf = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && runFileNames.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

/** The directories whose runs are read from these paths; those that can't be read have none. */
export const runDirectoriesOf = async (paths: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(
    paths.map(async (path) => {
      if (runFileNames.includes(basename(path))) return [path];
      return runFilesOf(path).catch(() => []);
    }),
  );
  return [...new Set(found.flat().map((file) => dirname(file)))];
};

const readPath = async (path: string, reading: Reading): Promise<Found[]> => {
  const { problems } = reading;
  try {
    if (!(await stat(path)).isDirectory()) return await readFileOf(path, reading);
    const files = await runFilesOf(path);
    if (files.length === 0) problems.push(`${path}: no runs.jsonl in it`);
    return (await Promise.all(files.map((file) => readFileOf(file, reading)))).flat();
  } catch (error) {
    problems.push(`${path}: ${isMissing(error) ? 'there is no such file or directory' : messageOf(error)}`);
    return [];
  }
};

const validated = ({ where, document }: Found, problems: Problems): RunResult[] => {
  const parsed = runResultSchema.safeParse(document);
  if (parsed.success) return [parsed.data];
  const { issues } = parsed.error;
  for (const { path, message } of issues.slice(0, problemsPerDocument))
    problems.push(`${where}: ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`);
  if (issues.length > problemsPerDocument)
    problems.push(`${where}: and ${issues.length - problemsPerDocument} more`);
  return [];
};

/**
 * The runs of a result set, each once, in the order of the paths and of the lines in them. Lines that a killed process or
 * a full disk has left unfinished are left out, and told of.
 * @param paths directories (every `runs.jsonl` below them), `.jsonl` files (a result a line), both also compressed
 *   (`.jsonl.zst`), `.json` files
 * @param found problems of the usage, told together with those of the results
 * @param tell gets a text for each line that is left out, with file and line
 * @throws LivemigError BAD_INPUT with every problem of every path, and where there is no run at all
 */
export const readResults = async (
  paths: readonly string[],
  found: readonly string[] = [],
  tell: (torn: string) => void = () => undefined,
): Promise<RunResult[]> => {
  const reading: Reading = { problems: [...found], torn: [] };
  const { problems, torn } = reading;
  const documents = (await Promise.all(paths.map((path) => readPath(path, reading)))).flat();
  const runs = new Map<string, RunResult>();
  for (const run of documents.flatMap((each) => validated(each, problems)))
    if (!runs.has(run.runId)) runs.set(run.runId, run);
  if (problems.length === 0 && runs.size === 0) problems.push(`${paths.join(', ')}: no results in it`);
  if (problems.length > 0) {
    problems.push(...torn);
    throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
  }
  for (const text of torn) tell(text);
  return [...runs.values()];
};
