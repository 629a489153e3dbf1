import { closeSync, fsyncSync, rmSync, writeSync } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf, isOurs, LivemigError, messageOf } from '#proto/errors';
import { openTemporary } from './temporary.ts';

/** There is nothing of that name. */
export const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

const errnoOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

/** Of what kept a file from being written, whatever threw it. */
export const storageCodeOf = (cause: unknown): 'DISK_FULL' | 'STORAGE_FAILED' =>
  codeOf(cause) === 'DISK_FULL' ? 'DISK_FULL' : 'STORAGE_FAILED';

/** A place can't be written to, now: `what` is said of the place. */
export const storageError = (what: string, cause: unknown): LivemigError =>
  new LivemigError(storageCodeOf(cause), `${what}; make room, or take another place`, { cause });

/** The directory that the place is in is sound; there is no room. */
const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errnoOf(error));

/**
 * Makes a directory and those above it. Node's own `recursive` goes round for ever where the kernel says ENOENT to
 * a name in a directory that exists, as /proc does.
 */
export const makeDirectories = async (directory: string, mode = 0o777): Promise<void> => {
  const missing: string[] = [];
  for (let path = resolve(directory); ; path = dirname(path)) {
    const found = await stat(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return null;
    });
    if (found?.isDirectory() === true) break;
    if (found !== null) throw new LivemigError('BAD_INPUT', `${path} is no directory`);
    missing.unshift(path);
  }
  for (const path of missing)
    await mkdir(path, { mode }).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
};

/** A file system says only to a write that it is full. */
const probe = (directory: string): void => {
  const { path, fd } = openTemporary(directory);
  try {
    writeSync(fd, Buffer.alloc(4096));
    fsyncSync(fd);
  } finally {
    rmSync(path, { force: true });
    closeSync(fd);
  }
};

/**
 * Makes a directory that files are to be written to, before anything is done for nothing.
 * @param option that names it, for messages
 * @returns what is wrong with it
 * @throws LivemigError DISK_FULL where there is no room, STORAGE_FAILED where a file may not grow
 */
export const directoryProblems = async (option: string, directory: string): Promise<string[]> => {
  try {
    await makeDirectories(directory);
    probe(directory);
    return [];
  } catch (error) {
    if (isFull(error)) throw storageError(`${option}: ${directory}: nothing can be written there`, error);
    return [`${option}: ${directory} can't be written to: ${messageOf(error)}`];
  }
};

/**
 * The same of a file, which may be there already: a regular one is replaced, a pipe or a device written to.
 * @param isAppended it is appended to instead: one that is there needs nothing of its directory
 * @returns what is wrong with it
 * @throws LivemigError DISK_FULL where there is no room, STORAGE_FAILED where a file may not grow
 */
export const fileProblems = async (
  option: string,
  file: string,
  { isAppended = false } = {},
): Promise<string[]> => {
  try {
    const found = await stat(file).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return null;
    });
    if (found?.isDirectory() === true)
      return [`${option}: expected a file to write, got a directory, ${file}`];
    if (found !== null) await access(file, constants.W_OK);
    const isMade = found === null || (found.isFile() && !isAppended);
    return isMade ? await directoryProblems(option, dirname(resolve(file))) : [];
  } catch (error) {
    if (isOurs(error)) throw error;
    return [`${option}: ${file} can't be written to: ${messageOf(error)}`];
  }
};
