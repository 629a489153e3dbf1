import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'; // prettier-ignore
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LivemigError, messageOf } from '../../proto/errors.ts';
import { tryLock } from '../files/lock.ts';
import { makeDirectories } from '../files/places.ts';
import { openTemporary, sweepTemporaries } from '../files/temporary.ts';
import { thisProcess } from '../testbed/owner.ts';

const text = z.string().min(1).max(1024);

/** A run under way on this machine, as `livemig set`, `cancel` and `continue` find it. */
const runSchema = z.object({
  /** The harness. */
  owner: z.object({
    pid: z.int().positive(),
    startTime: z.string().max(64),
    pidNamespace: z.string().max(64),
  }),
  runId: text,
  /** The scenario's. */
  name: text,
  /** gRPC targets of the agents. */
  agents: z.object({ source: text, wan: text }),
  /** The hosts' addresses on the shaped network. */
  addresses: z.object({ source: text, destination: text }),
});
export type RunningRun = z.infer<typeof runSchema>;

const fileMaxBytes = 64 << 10;

/** This user's own: who may write into it may steer migrations. */
const directoryIn = (temporary: string): string =>
  join(temporary, `livemig-runs-${process.getuid?.() ?? 'user'}`);

/** Whether nobody but this user may have written it. */
const isOwn = ({ uid, mode }: Stats): boolean =>
  (process.getuid === undefined || uid === process.getuid()) && (mode & 0o022) === 0;

/** @throws LivemigError TESTBED_FAILED where others may write into it, or it is a link to elsewhere */
const checkDirectory = async (directory: string): Promise<void> => {
  const found = await lstat(directory);
  if (!found.isDirectory() || !isOwn(found))
    throw new LivemigError('TESTBED_FAILED', `expected a directory that only this user can write, got ${directory}: remove it, or set TMPDIR`); // prettier-ignore
};

/**
 * Lets other processes of this user find the run until it is disposed, or this process ends: the file is locked as long.
 * @throws LivemigError TESTBED_FAILED
 */
export const announceRun = async (
  run: Omit<RunningRun, 'owner'>,
  temporary: string = tmpdir(),
): Promise<AsyncDisposable> => {
  const directory = directoryIn(temporary);
  await makeDirectories(directory, 0o700);
  await checkDirectory(directory);
  sweepTemporaries(directory);
  const announced = openTemporary(directory, 0o600);
  const file = join(directory, `${run.runId}.json`);
  const end = (): void => {
    for (const path of [announced.path, file]) rmSync(path, { force: true });
    closeSync(announced.fd);
  };
  try {
    writeSync(announced.fd, JSON.stringify({ owner: thisProcess(), ...run } satisfies RunningRun));
    // Readers see all of it or nothing.
    renameSync(announced.path, file);
  } catch (error) {
    end();
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      end();
    },
  };
};

/** @returns the run; null where its harness has ended. @throws whatever is wrong with the file */
const readRun = (file: string): RunningRun | null => {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile() || !isOwn(found)) throw new LivemigError('BAD_INPUT', "it isn't this user's alone");
    // Shared, so that two who look don't take each other for its harness.
    if (tryLock(fd, 'shared') === 'taken') {
      rmSync(file, { force: true });
      return null;
    }
    if (found.size > fileMaxBytes) throw new LivemigError('BAD_INPUT', `it has ${found.size} bytes`);
    const bytes = Buffer.alloc(found.size);
    return runSchema.parse(JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes))));
  } finally {
    closeSync(fd);
  }
};

export interface FoundRuns {
  /** By their harness's process. */
  runs: RunningRun[];
  /** Files that no livemig of this user has written, and what is wrong with them. */
  ignored: string[];
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const problemOf = (error: unknown): string =>
  error instanceof z.ZodError
    ? `expected what livemig announces of a run, got something else as ${error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ')}`
    : messageOf(error);

/**
 * The runs under way; what dead harnesses left is removed.
 * @throws LivemigError TESTBED_FAILED where others may write where they are announced
 */
export const findRuns = async (temporary: string = tmpdir()): Promise<FoundRuns> => {
  const directory = directoryIn(temporary);
  const found: FoundRuns = { runs: [], ignored: [] };
  try {
    await checkDirectory(directory);
  } catch (error) {
    if (isMissing(error)) return found;
    throw error;
  }
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.json'))) {
    const file = join(directory, name);
    try {
      const run = readRun(file);
      if (run !== null) found.runs.push(run);
    } catch (error) {
      // Ended in the meantime.
      if (!isMissing(error)) found.ignored.push(`${file} is left out: ${problemOf(error)}`);
    }
  }
  found.runs.sort((a, b) => a.owner.pid - b.owner.pid);
  return found;
};

export const runningRuns = async (temporary: string = tmpdir()): Promise<RunningRun[]> =>
  (await findRuns(temporary)).runs;

/** The run that is this process's. @throws LivemigError INTERNAL where there is none. */
export const ownRun = async (): Promise<RunningRun> => {
  const own = (await runningRuns()).find(({ owner }) => owner.pid === process.pid);
  if (own === undefined)
    throw new LivemigError('INTERNAL', 'expected a run under way in this process, there is none');
  return own;
};
