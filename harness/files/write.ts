import { closeSync, renameSync, rmSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, open, realpath, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fsync, write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { isAt, tryLock } from './lock.ts';
import { storageError } from './places.ts';
import { openTemporary } from './temporary.ts';

const writeOnce = promisify(write);
/** All of it, at a position: one call of write(2) unless the kernel takes less. */
export const writeAll = async (fd: number, bytes: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;)
    done += (await writeOnce(fd, bytes, done, bytes.length - done, position + done)).bytesWritten;
};
export const syncDescriptor = promisify(fsync);

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
};

/** What a path leads to: a file that is there, or may be made. */
const targetOf = async (file: string): Promise<{ path: string; isRegular: boolean }> => {
  const found = await stat(file).catch(() => null);
  if (found === null) return { path: file, isRegular: true };
  return { path: await realpath(file), isRegular: found.isFile() };
};

const replace = async (file: string, text: string | Buffer, mode: number): Promise<void> => {
  const { path, isRegular } = await targetOf(file);
  // A pipe or a device is written to: a rename would put a file in its place.
  if (!isRegular) {
    await writeFile(file, text);
    return;
  }
  const temporary = openTemporary(dirname(path), mode);
  try {
    await writeAll(temporary.fd, typeof text === 'string' ? Buffer.from(text) : text, 0);
    await syncDescriptor(temporary.fd);
    renameSync(temporary.path, path);
  } catch (error) {
    rmSync(temporary.path, { force: true });
    throw error;
  } finally {
    closeSync(temporary.fd);
  }
  await syncDirectory(dirname(path));
};

/**
 * Readers see the old file or the whole new one, also after a power cut. A symbolic link stays one.
 * @throws LivemigError STORAGE_FAILED; the file is as it was
 */
export const writeAtomically = async (file: string, text: string | Buffer, mode = 0o666): Promise<void> => {
  try {
    await replace(file, text, mode);
  } catch (cause) {
    throw storageError(`${file} can't be written`, cause);
  }
};

/** An append is a matter of milliseconds. */
const lockTimeoutMs = 30_000;
const lockPollMs = 5;

/** Of a file that others append to and replace: under its lock, and still the one that the path names. */
const openLocked = async (file: string): Promise<FileHandle> => {
  const untilMs = monotonicMs() + lockTimeoutMs;
  for (;;) {
    const handle = await open(file, 'a+');
    // Where the file system has no locks, one writer is as safe as ever.
    if (tryLock(handle.fd) !== 'held' && (!(await handle.stat()).isFile() || isAt(handle.fd, file)))
      return handle;
    await handle.close();
    if (monotonicMs() > untilMs)
      throw new LivemigError('TIMEOUT', `another process has held ${file} for ${lockTimeoutMs} ms`);
    await sleep(lockPollMs);
  }
};

/** Does something to a file that nobody appends to meanwhile. */
export const withFileLocked = async <T>(file: string, action: () => Promise<T>): Promise<T> => {
  const handle = await openLocked(file);
  return action().finally(() => handle.close());
};

/** Whether the last line of a file lacks its end: whoever wrote it was killed, or the disk was full. */
const endsInside = async (handle: FileHandle, size: number): Promise<boolean> => {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== 0x0a;
};

const append = async (file: string, line: string): Promise<void> => {
  const handle = await openLocked(file);
  try {
    const { size } = await handle.stat();
    const before = (await endsInside(handle, size)) ? '\n' : '';
    try {
      await handle.appendFile(`${before}${line}\n`);
      await handle.sync();
    } catch (error) {
      // Half a line is worse than none. Where not even that can be done, the next one begins a new line.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
};

/**
 * One line, on the disk when this resolves, and never behind half a line of somebody else: what a killed writer has left
 * keeps a line of its own, which readers tell of.
 * @throws LivemigError STORAGE_FAILED; the file is as it was
 */
export const appendLine = async (file: string, document: unknown): Promise<void> => {
  try {
    await append(file, JSON.stringify(document));
  } catch (cause) {
    throw storageError(`nothing can be appended to ${file}`, cause);
  }
};

/**
 * Where something goes whose own place can't be written to in the end.
 * @returns the file; null where there is no room anywhere
 */
export const rescue = async (
  name: string,
  text: string | Buffer,
  temporary: string = tmpdir(),
): Promise<string | null> => {
  try {
    const file = join(await mkdtemp(join(temporary, 'livemig-rescued-')), name);
    await writeAtomically(file, text);
    return file;
  } catch {
    return null;
  }
};
