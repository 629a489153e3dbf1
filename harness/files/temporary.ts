import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAt, tryLock } from './lock.ts';

/** Of a hidden file that gets its name when it is whole. */
const temporaryName = /^\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;

/** A file under way: locked while its writer lives. */
export interface Temporary {
  path: string;
  fd: number;
}

/** @param mode the permissions, as open(2) takes them. */
export const openTemporary = (directory: string, mode = 0o666): Temporary => {
  for (;;) {
    const path = join(directory, `.${randomUUID()}.tmp`);
    const fd = openSync(path, 'wx+', mode);
    // Between the two calls another process may have taken it for a dead one's.
    if (tryLock(fd) !== 'held' && isAt(fd, path)) return { path, fd };
    closeSync(fd);
  }
};

const removeDead = (path: string): boolean => {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Gone meanwhile, or not ours to touch.
    return false;
  }
  try {
    if (tryLock(fd) !== 'taken' || !isAt(fd, path)) return false;
    rmSync(path);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
};

const namesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch {
    // One that can be written to, but not read.
    return [];
  }
};

/** Removes the temporary files in a directory whose writers were killed; those of the living stay. @returns their paths. */
export const sweepTemporaries = (directory: string): string[] =>
  namesIn(directory)
    .filter((name) => temporaryName.test(name))
    .map((name) => join(directory, name))
    .filter(removeDead);
