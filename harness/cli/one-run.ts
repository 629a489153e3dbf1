import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RunResult } from '../result.ts';
import { defaultOut } from '../store.ts';
import { badUsage } from './output.ts';
import { readSets } from './results.ts';

/** Which stored run a command means: by the beginning of its id, or the newest of some results. */

export interface OneRun {
  run: RunResult;
  /** Of what it told while it ran; null where that isn't kept. */
  eventsFile: string | null;
}

export const oneRunHelp = `RUN is the beginning of a run's id; without one, the newest run counts. Results are directories, .jsonl, .jsonl.zst
and .json files; without any, ${defaultOut}/.`;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Beside the results, or in a folder below them. */
const eventsFileOf = async ({ runId }: RunResult, paths: readonly string[]): Promise<string | null> => {
  const ending = `${runId}.events.jsonl`;
  for (const path of paths) {
    const directory = (await stat(path)).isDirectory() ? path : dirname(path);
    const names = await readdir(directory, { recursive: true });
    const found = names.find((name) => basename(name).endsWith(ending));
    if (found !== undefined) return join(directory, found);
  }
  return null;
};

const idMost = 5;

const chosenOf = (runs: readonly RunResult[], wanted: string | undefined): RunResult => {
  if (wanted === undefined) {
    const newest = runs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).at(-1);
    if (newest === undefined) throw badUsage(['expected results with a run, got none']);
    return newest;
  }
  const matching = runs.filter(({ runId }) => runId.startsWith(wanted));
  const [run] = matching;
  if (run !== undefined && matching.length === 1) return run;
  const ids = (matching.length === 0 ? runs : matching).slice(-idMost).map(({ runId }) => runId);
  throw badUsage([
    matching.length === 0
      ? `expected a run's id, or where results are, got ${wanted}; the last runs are ${ids.join(', ')}`
      : `expected an id that one run has, ${matching.length} begin with ${wanted}: ${ids.join(', ')} …`,
  ]);
};

/**
 * @param words an id's beginning and paths of results, in any order
 * @throws LivemigError BAD_INPUT
 */
export const oneRun = async (words: readonly string[], problems: readonly string[]): Promise<OneRun> => {
  const areThere = await Promise.all(words.map(exists));
  const paths = words.filter((_, index) => areThere[index]);
  const [wanted, ...others] = words.filter((_, index) => !areThere[index]);
  const found = [...problems];
  if (others.length > 0) found.push(`expected one run, got ${[wanted, ...others].join(' and ')}`);
  const from = paths.length === 0 ? [defaultOut] : paths;
  const run = chosenOf(await readSets(from, found), wanted);
  return { run, eventsFile: await eventsFileOf(run, from) };
};
