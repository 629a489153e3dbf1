import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLockFile } from '#harness/files/lock';
import { makeDirectories } from '#harness/files/places';
import { isAlive, ownerOf } from '#harness/testbed/docker/labels';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';

/** Longer than starting or stopping an engine takes, as that happens under the lock. */
const lockTimeoutMs = 300_000;
const lockPollMs = 100;

/** @throws LivemigError TIMEOUT if another process holds it for too long */
const takeWhenFree = async (path: string): Promise<Disposable> => {
  const untilMs = monotonicMs() + lockTimeoutMs;
  for (;;) {
    const lock = takeLockFile(path, String(process.pid));
    if (!('holder' in lock)) return lock;
    if (monotonicMs() > untilMs)
      throw new LivemigError(
        'TIMEOUT',
        `process ${lock.holder} has held ${path} for ${lockTimeoutMs / 1000} s; wait until it has ended, or end it`,
      );
    await sleep(lockPollMs);
  }
};

/**
 * Runs `action` under a kernel lock, which is released when its holder dies.
 * @throws LivemigError TIMEOUT; whatever `action` throws
 */
export const withLock = async <T>(path: string, action: () => Promise<T>): Promise<T> => {
  const lock = await takeWhenFree(path);
  return action().finally(() => lock[Symbol.dispose]());
};

/** The processes that share a resource: one file each, named after the process. Call these under the lock. */
export const usersIn = (directory: string) => {
  const mine = join(directory, ownerOf(process.pid));
  return {
    join: async (): Promise<void> => {
      await makeDirectories(directory);
      await writeFile(mine, '');
    },
    /** Leaves, forgets dead users, and returns how many live ones remain. */
    leave: async (): Promise<number> => {
      await rm(mine, { force: true });
      let alive = 0;
      for (const owner of await readdir(directory).catch(() => []))
        if (isAlive(owner)) alive++;
        else await rm(join(directory, owner), { force: true });
      return alive;
    },
  };
};
