import { randomUUID } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'; // prettier-ignore
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LivemigError, messageOf } from '#proto/errors';
import { tryLock } from './lock.ts';
import { isMissing, makeDirectories } from './places.ts';
import { openTemporary, sweepTemporaries } from './temporary.ts';

/** What processes of one user tell each other of themselves, in files that are locked as long as their writer lives. */

const fileMaxBytes = 64 << 10;

/** Whether nobody but this user may have written it. */
const isOwn = ({ uid, mode }: Stats): boolean =>
  (process.getuid === undefined || uid === process.getuid()) && (mode & 0o022) === 0;

/** @throws LivemigError TESTBED_FAILED where others may write into it, or it is a link to elsewhere */
const checkDirectory = async (directory: string): Promise<void> => {
  const found = await lstat(directory);
  if (!found.isDirectory() || !isOwn(found))
    throw new LivemigError('TESTBED_FAILED', `expected a directory that only this user can write, got ${directory}: remove it, or set TMPDIR`); // prettier-ignore
};

export interface FoundAnnouncements<T> {
  found: T[];
  /** Files that no livemig of this user has written, and what is wrong with them. */
  ignored: string[];
}

export interface Announcements<T> {
  /** This user's own: who may write into it may steer what is announced. */
  directory(temporary?: string): string;
  /**
   * Lets other processes of this user find something until it is disposed, or this process ends.
   * @param id begins its file's name; others may announce the same: runs in virtual time have equal ids
   * @throws LivemigError TESTBED_FAILED
   */
  announce(id: string, what: T, temporary?: string): Promise<AsyncDisposable>;
  /**
   * What is announced; what dead processes left is removed.
   * @throws LivemigError TESTBED_FAILED where others may write where it is announced
   */
  find(temporary?: string): Promise<FoundAnnouncements<T>>;
}

/**
 * @param kind part of the directory's name
 * @param what for messages: `a run`
 */
export const announcementsOf = <T>(kind: string, what: string, schema: z.ZodType<T>): Announcements<T> => {
  const directoryIn = (temporary: string = tmpdir()): string =>
    join(temporary, `livemig-${kind}-${process.getuid?.() ?? 'user'}`);

  /** @returns null where its writer has ended. @throws whatever is wrong with the file */
  const read = (file: string): T | null => {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || !isOwn(stats)) throw new LivemigError('BAD_INPUT', "it isn't this user's alone");
      // Shared, so that two who look don't take each other for its writer.
      if (tryLock(fd, 'shared') === 'taken') {
        rmSync(file, { force: true });
        return null;
      }
      if (stats.size > fileMaxBytes) throw new LivemigError('BAD_INPUT', `it has ${stats.size} bytes`);
      const bytes = Buffer.alloc(stats.size);
      return schema.parse(JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes))));
    } finally {
      closeSync(fd);
    }
  };

  const problemOf = (error: unknown): string =>
    error instanceof z.ZodError
      ? `expected what livemig announces of ${what}, got something else as ${error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ')}`
      : messageOf(error);

  return {
    directory: directoryIn,
    announce: async (id, announcement, temporary) => {
      const directory = directoryIn(temporary);
      await makeDirectories(directory, 0o700);
      await checkDirectory(directory);
      sweepTemporaries(directory);
      const announced = openTemporary(directory, 0o600);
      const file = join(directory, `${id}-${randomUUID()}.json`);
      const end = (): void => {
        for (const path of [announced.path, file]) rmSync(path, { force: true });
        closeSync(announced.fd);
      };
      try {
        writeSync(announced.fd, JSON.stringify(announcement));
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
    },
    find: async (temporary) => {
      const directory = directoryIn(temporary);
      const result: FoundAnnouncements<T> = { found: [], ignored: [] };
      try {
        await checkDirectory(directory);
      } catch (error) {
        if (isMissing(error)) return result;
        throw error;
      }
      for (const name of readdirSync(directory).filter((each) => each.endsWith('.json'))) {
        const file = join(directory, name);
        try {
          const one = read(file);
          if (one !== null) result.found.push(one);
        } catch (error) {
          // Ended in the meantime.
          if (!isMissing(error)) result.ignored.push(`${file} is left out: ${problemOf(error)}`);
        }
      }
      return result;
    },
  };
};
