import { closeSync, fsyncSync, rmSync, writeSync } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf, LivemigError, messageOf } from '../../proto/errors.ts';
import { openTemporary } from './temporary.ts';

const errnoOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

/** A place can't be written to, now: `what` is said of the place. */
export const storageError = (what: string, cause: unknown): LivemigError =>
  new LivemigError('STORAGE_FAILED', `${what}; make room, or take another place`, { cause });

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
      if (errnoOf(error) !== 'ENOENT') throw error;
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
 * @throws LivemigError STORAGE_FAILED where there is no room
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
 * The same of a file, which may be there already: a regular one is replaced or appended to, a pipe or a device written to.
 * @returns what is wrong with it
 * @throws LivemigError STORAGE_FAILED where there is no room
 */
export const fileProblems = async (option: string, file: string): Promise<string[]> => {
  try {
    const found = await stat(file).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return null;
    });
    if (found?.isDirectory() === true)
      return [`${option}: expected a file to write, got a directory, ${file}`];
    if (found !== null) await access(file, constants.W_OK);
    return found === null || found.isFile() ? await directoryProblems(option, dirname(resolve(file))) : [];
  } catch (error) {
    if (codeOf(error) === 'STORAGE_FAILED') throw error;
    return [`${option}: ${file} can't be written to: ${messageOf(error)}`];
  }
};
