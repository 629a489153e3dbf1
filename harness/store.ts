import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { once } from 'node:events';
import type { Observable } from 'rxjs';
import { LivemigError } from '../proto/errors.ts';
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
  /** @returns the files that hold the result. */
  finish(result: StorableResult): Promise<string[]>;
  /** The run left no result. Idempotent, and nothing to do after `finish`. */
  discard(): Promise<void>;
}

/** The directory where a scenario's results go when nothing else is said. */
export const defaultOut = 'results';

/** One result as it is, several under one key: what `--json` prints and a `.json` file holds. */
export const documentOf = (results: readonly unknown[]): unknown =>
  results.length === 1 ? results[0] : { results };

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
};

/** Readers see the old file or the whole new one, also after a power cut. */
export const writeAtomically = async (file: string, text: string): Promise<void> => {
  const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(dirname(file));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new LivemigError('INTERNAL', `the result can't be written to ${file}`, { cause });
  }
};

/** One line in one write, so that lines of several harnesses never mix, and on the disk when this resolves. */
export const appendLine = async (file: string, document: unknown): Promise<void> => {
  try {
    const handle = await open(file, 'a');
    try {
      await handle.appendFile(`${JSON.stringify(document)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new LivemigError('INTERNAL', `the result can't be appended to ${file}`, { cause });
  }
};

const pretty = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** `2026-07-24T09:15:02.123Z` → `20260724T091502Z`, which sorts by time and is legal in every file system. */
const stampOf = (startedAt: string): string => startedAt.replaceAll(/[-:]|\.\d+/g, '');

const fileNameOf = ({ runId, startedAt, scenario }: StorableResult): string =>
  `${stampOf(startedAt)}-${scenario.name}-${runId}`.replaceAll(/[^\w.-]/g, '_');

/** A run's events on the disk while it runs, one a line. */
export interface EventRecording {
  /** Under its final name. */
  keepAs(file: string): Promise<void>;
  /** Nothing to do after `keepAs`. */
  discard(): Promise<void>;
}

/** @param directory where a hidden file grows until the run has a name. */
export const recordEvents = async (
  directory: string,
  events: Observable<RunEvent>,
): Promise<EventRecording> => {
  const temporary = join(directory, `.${randomUUID()}.events.tmp`);
  const stream = createWriteStream(temporary, { flags: 'wx' });
  await once(stream, 'open');
  // A full disk must not end a run whose testbed is up: the result, written at the end, tells of it.
  stream.on('error', () => undefined);
  const subscription = events.subscribe((event) => void stream.write(`${JSON.stringify(event)}\n`));
  const close = async (): Promise<void> => {
    subscription.unsubscribe();
    if (!stream.closed) await new Promise<void>((resolve) => stream.end(resolve));
  };
  return {
    keepAs: async (file) => {
      await close();
      await rename(temporary, file);
    },
    discard: async () => {
      await close();
      await rm(temporary, { force: true });
    },
  };
};

const directoryStore = (directory: string): Store => ({
  record: async (events) => {
    const recording = await recordEvents(directory, events);
    return {
      finish: async (result) => {
        const base = join(directory, fileNameOf(result));
        await recording.keepAs(`${base}.events.jsonl`);
        await writeAtomically(`${base}.json`, pretty(result));
        await appendLine(join(directory, 'runs.jsonl'), result);
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
 * Opens (and makes) the place for results, before a run is made for nothing.
 * @param out a directory, or a file that ends in `.json` or `.jsonl`
 * @throws LivemigError BAD_INPUT where nothing can be written there
 */
export const openStore = async (out: string): Promise<Store> => {
  const extension = extname(out);
  const isFile = extension === '.json' || extension === '.jsonl';
  const directory = isFile ? dirname(out) : out;
  try {
    await mkdir(directory, { recursive: true });
    const probe = join(directory, `.${randomUUID()}.tmp`);
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (cause) {
    const problem = `--out ${out}: ${directory} can't be written to`;
    throw new LivemigError('BAD_INPUT', problem, { cause, problems: [problem] });
  }
  if (!isFile) return directoryStore(directory);
  const results: StorableResult[] = [];
  return fileStore(async (result) => {
    results.push(result);
    if (extension === '.jsonl') await appendLine(out, result);
    else await writeAtomically(out, pretty(documentOf(results)));
    return out;
  });
};
