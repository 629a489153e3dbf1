import { dirname, extname, join } from 'node:path';
import type { Observable } from 'rxjs';
import { LivemigError, messageOf } from '#proto/errors';
import { recordLines } from './files/lines.ts';
import { directoryProblems, fileProblems, storageCodeOf } from './files/places.ts';
import { sweepTemporaries } from './files/temporary.ts';
import { appendLine, rescue, writeAtomically } from './files/write.ts';
import type { RunEvent } from './run/events.ts';

/** What the store needs of a result; it writes the whole document. */
export interface StorableResult {
  runId: string;
  startedAt: string;
  scenario: { name: string };
}

/**
 * Where results go.
 *
 *   a directory   `<start>-<scenario>-<run id>.json`, its events in `….events.jsonl`, and a line in `runs.jsonl`
 *   `….json`      this file, replaced: one result, or `{"results": […]}` where there are several
 *   `….jsonl`     a line appended
 */
export interface Store {
  /** Writes down what a run tells, as it tells it. Call before the run. */
  record(events: Observable<RunEvent>): Promise<Recording>;
}

export interface Recording {
  /** @returns the files that hold the result. @throws LivemigError STORAGE_FAILED where not everything could be written */
  finish(result: StorableResult): Promise<string[]>;
  /** The run left no result. Idempotent, and nothing to do after `finish`. */
  discard(): Promise<void>;
}

/** The directory where a scenario's results go when nothing else is said. */
export const defaultOut = 'results';

/** In a directory of results, a result a line. */
export const runsFileName = 'runs.jsonl';

/** One result as it is, several under one key: what `--json` prints and a `.json` file holds. */
export const documentOf = (results: readonly unknown[]): unknown =>
  results.length === 1 ? results[0] : { results };

const documentText = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** `2026-07-24T09:15:02.123Z` → `20260724T091502Z`, which sorts by time and is legal in every file system. */
const stampOf = (startedAt: string): string => startedAt.replaceAll(/[-:]|\.\d+/g, '');

/** File systems take names of 255 bytes. */
const nameMaxLength = 100;

const fileNameOf = ({ runId, startedAt, scenario }: StorableResult): string =>
  `${stampOf(startedAt)}-${scenario.name.slice(0, nameMaxLength)}-${runId}`.replaceAll(/[^\w.-]/g, '_');

const causeOf = (failures: readonly unknown[]): LivemigError =>
  new LivemigError(
    failures.some((failure) => storageCodeOf(failure) === 'DISK_FULL') ? 'DISK_FULL' : 'STORAGE_FAILED',
    failures.map(messageOf).join('; '),
  );

/** Each in turn, also where one fails: what can be written is. @throws LivemigError STORAGE_FAILED, DISK_FULL */
const writeEach = async (...writes: (() => Promise<void>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const write of writes) await write().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw causeOf(failures);
};

const directoryStore = (directory: string): Store => ({
  record: async (events) => {
    const recording = recordLines(directory, events);
    return {
      finish: async (result) => {
        const base = join(directory, fileNameOf(result));
        await writeEach(
          () => writeAtomically(`${base}.json`, documentText(result)),
          () => appendLine(join(directory, runsFileName), result),
          () => recording.keepAs(`${base}.events.jsonl`),
        );
        return [`${base}.json`];
      },
      discard: () => recording.discard(),
    };
  },
});

const fileStore = (save: (result: StorableResult) => Promise<string>): Store => ({
  record: async () => ({ finish: async (result) => [await save(result)], discard: () => Promise.resolve() }),
});

/**
 * Opens (and makes) the place for results, before a run is made for nothing, and removes what killed writers left there.
 * @param out a directory, or a file that ends in `.json` or `.jsonl`
 * @throws LivemigError BAD_INPUT where nothing can be written there, STORAGE_FAILED where there is no room
 */
export const openStore = async (out: string): Promise<Store> => {
  const extension = extname(out);
  const isFile = extension === '.json' || extension === '.jsonl';
  const option = '--out';
  const problems = isFile
    ? await fileProblems(option, out, { isAppended: extension === '.jsonl' })
    : await directoryProblems(option, out);
  if (problems.length === 0 && !isFile)
    problems.push(...(await fileProblems(option, join(out, runsFileName), { isAppended: true })));
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', problems.join('; '), { problems });
  sweepTemporaries(isFile ? dirname(out) : out);
  if (!isFile) return directoryStore(out);
  const results: StorableResult[] = [];
  return fileStore(async (result) => {
    results.push(result);
    if (extension === '.jsonl') await appendLine(out, result);
    else await writeAtomically(out, documentText(documentOf(results)));
    return out;
  });
};

/**
 * A result whose own place can't be written to in the end goes to the temporary directory.
 * @returns the file; null where there is no room either
 */
export const rescueResult = (result: StorableResult): Promise<string | null> =>
  rescue(`${fileNameOf(result)}.json`, documentText(result));
