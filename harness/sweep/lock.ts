import { LivemigError, messageOf } from '#proto/errors';
import type { Held } from '../files/lock.ts';
import { takeLockFile } from '../files/lock.ts';

const refuse = (problem: string, cause?: unknown): LivemigError =>
  new LivemigError('BAD_INPUT', problem, { problems: [problem], cause });

/** Error codes of opening the file if it isn't a regular file, or not ours. */
const noLock = ['EISDIR', 'ELOOP', 'EACCES', 'EPERM', 'EROFS', 'ENXIO', 'EINVAL'];

/**
 * Something else with the lock's name, such as a directory or a link, in the directory that the user named.
 */
const lockFileOf = (file: string): Disposable | Held => {
  try {
    return takeLockFile(file, String(process.pid));
  } catch (error) {
    if (!noLock.includes(String((error as NodeJS.ErrnoException).code))) throw error;
    throw refuse(
      `${file} can't be used as a lock: ${messageOf(error)}; remove it, or choose another directory with --out`,
      error,
    );
  }
};

/**
 * Locks a result set, so that no two sweeps write into it. The lock ends with the process.
 * @throws LivemigError BAD_INPUT where another holds it, or something that can't be a lock is there under its name
 */
export const takeLock = (file: string): Disposable => {
  const lock = lockFileOf(file);
  if (!('holder' in lock)) return lock;
  const problem =
    `another sweep (process ${lock.holder === '' ? 'unknown' : lock.holder}) is writing there and holds ${file}; ` +
    'wait until it has ended, or choose another directory with --out';
  throw refuse(problem);
};
