import { closeSync, openSync, readSync } from 'node:fs';
import { LivemigError, messageOf } from '#proto/errors';

const readProblem = (cause: unknown): string => {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === undefined ? messageOf(cause) : `it can't be read (${code})`;
};

const readUpTo = (file: string, bytesMax: number): Buffer => {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (;;) {
      const got = readSync(handle, buffer, length, buffer.length - length, null);
      length += got;
      if (got === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
};

/**
 * What a file that a user names holds. Bounded while it is read, not by its size: a device has none, and no end either.
 * @param what it is meant to be, for messages: `dirty history`.
 * @throws LivemigError BAD_INPUT where it can't be read, or is longer
 */
export const readBoundedBytes = (file: string, what: string, bytesMax: number): Buffer => {
  const refused = (why: string, cause?: unknown): LivemigError => {
    const problem = `${what} ${file}: ${why}`;
    return new LivemigError('BAD_INPUT', problem, { cause, problems: [problem] });
  };
  let bytes: Buffer;
  try {
    bytes = readUpTo(file, bytesMax);
  } catch (cause) {
    throw refused(readProblem(cause), cause);
  }
  if (bytes.length > bytesMax) throw refused(`expected at most ${bytesMax} bytes, it has more`);
  return bytes;
};

/** Its text. @throws LivemigError BAD_INPUT where it can't be read, or is longer */
export const readBounded = (file: string, what: string, bytesMax: number): string =>
  readBoundedBytes(file, what, bytesMax).toString('utf8');
