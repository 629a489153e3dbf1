import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LivemigError, messageOf } from '#proto/errors';
import type { DiskConfig } from '#proto/guest';
import { mebibyte } from '#proto/units';

/** Where a disk's bytes are. What was never written reads as zeros. */
export interface DiskStore {
  read(target: Uint8Array, at: number, bytes: number, position: number): void;
  write(source: Uint8Array, at: number, bytes: number, position: number): void;
  close(): void;
}

type Transfer = (fd: number, bytes: Uint8Array, at: number, length: number, position: number) => number;

/** The kernel may move less than requested. @throws LivemigError INTERNAL if it moves nothing */
const moveAll = (move: Transfer, fd: number, bytes: Uint8Array, at: number, length: number, from: number) => {
  for (let done = 0; done < length;) {
    const moved = move(fd, bytes, at + done, length - done, from + done);
    if (moved === 0)
      throw new LivemigError(
        'INTERNAL',
        `expected ${length} bytes of the disk's file at ${from}, got ${done}`,
      );
    done += moved;
  }
};

/** A file by its descriptor, which all threads of a process share. */
export class FileStore implements DiskStore {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  read(target: Uint8Array, at: number, bytes: number, position: number): void {
    moveAll(readSync, this.fd, target, at, bytes, position);
  }

  write(source: Uint8Array, at: number, bytes: number, position: number): void {
    moveAll(writeSync, this.fd, source, at, bytes, position);
  }

  close(): void {
    closeSync(this.fd);
  }
}

const inMiB = (bytes: number): string => `${Math.ceil(bytes / mebibyte)} MiB`;

/**
 * A sparse file in the host's temporary directory, without a name: it disappears with the process.
 * @throws LivemigError UNSUPPORTED where there is no room for what is allocated; DISK_FULL and others of the file
 *   system
 */
export const createDiskFile = (
  { sizeBytes, allocatedBytes }: Pick<DiskConfig, 'sizeBytes' | 'allocatedBytes'>,
  directory: string = tmpdir(),
): FileStore => {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (allocatedBytes > freeBytes)
    throw new LivemigError(
      'UNSUPPORTED',
      `expected a disk that ${directory} has room for, got one with ${inMiB(allocatedBytes)} allocated and ` +
        `${inMiB(freeBytes)} free: allocate less, or set TMPDIR to a larger file system`,
    );
  const path = join(directory, `livemig-disk-${randomUUID()}`);
  const fd = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    ftruncateSync(fd, sizeBytes);
  } catch (cause) {
    closeSync(fd);
    const what = `can't make a disk of ${inMiB(sizeBytes)} in ${directory}: ${messageOf(cause)}`;
    throw new LivemigError('UNSUPPORTED', `${what}; set TMPDIR to a file system with larger files`, {
      cause,
    });
  }
  return new FileStore(fd);
};
