import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'; // prettier-ignore
import koffi from 'koffi';
import { LivemigError } from '#proto/errors';

/** flock(2), the same on Linux and macOS. */
const operations = { shared: 1, exclusive: 2, nonBlocking: 4 } as const;

type Flock = (fd: number, operation: number) => number;
let loaded: Flock | null | undefined;

const load = (): Flock | null => {
  try {
    return koffi.load(null).func('int flock(int, int)');
  } catch {
    return null;
  }
};

/** Of the C library that Node itself is linked with; null on a system without it. */
const flock = (): Flock | null => (loaded ??= load());

/** `unsupported`: the system, or the file system, knows no such locks. */
export type LockState = 'taken' | 'held' | 'unsupported';

/**
 * The kernel's lock on an open file, without waiting. It belongs to the descriptor, and ends with it: however a process
 * ends, what it held is free, and nobody else's descriptor of the same file counts, be it of the same process.
 */
export const tryLock = (fd: number, kind: 'exclusive' | 'shared' = 'exclusive'): LockState => {
  const { EINTR, EAGAIN } = koffi.os.errno;
  const call = flock();
  if (call === null) return 'unsupported';
  for (;;) {
    if (call(fd, operations[kind] | operations.nonBlocking) === 0) return 'taken';
    const errno = koffi.errno();
    if (errno !== EINTR) return errno === EAGAIN ? 'held' : 'unsupported';
  }
};

/** Whether the path still names the open file: whoever let it go may have removed it, and somebody made another. */
export const isAt = (fd: number, path: string): boolean => {
  const at = statSync(path, { throwIfNoEntry: false });
  const mine = fstatSync(fd);
  return at?.ino === mine.ino && at.dev === mine.dev;
};

/** Who holds a lock, by what it wrote down; '' where it has not yet. */
export interface Held {
  holder: string;
}

const holderMaxBytes = 1024;

const readHolder = (fd: number): string => {
  const text = Buffer.alloc(holderMaxBytes);
  return text.toString('utf8', 0, readSync(fd, text, 0, holderMaxBytes, 0));
};

/** Each time somebody has let it go between two of our calls. */
const attempts = 1000;

/**
 * Takes a lock file, without waiting. The file is removed under the lock, so that nothing is left where it is let go; one
 * that a killed process has left is free.
 * @param holder what others are told who find it held.
 * @throws LivemigError STORAGE_FAILED where the file system has no locks; whatever opening the file throws
 */
export const takeLockFile = (path: string, holder: string): Disposable | Held => {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
    const state = tryLock(fd);
    if (state === 'taken' && isAt(fd, path)) {
      ftruncateSync(fd);
      writeSync(fd, holder, 0);
      return {
        [Symbol.dispose]: () => {
          rmSync(path, { force: true });
          closeSync(fd);
        },
      };
    }
    const found = state === 'held' ? readHolder(fd) : '';
    closeSync(fd);
    if (state === 'held') return { holder: found };
    if (state === 'unsupported')
      throw new LivemigError('STORAGE_FAILED', `expected a file system that has locks (flock), for ${path}; take another place`); // prettier-ignore
  }
  throw new LivemigError('TIMEOUT', `${path} is taken and let go all the time; try again`);
};
