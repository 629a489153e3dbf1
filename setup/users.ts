import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownerOf } from '../harness/testbed/docker/labels.ts';
import { LivemigError } from '../proto/errors.ts';

/** Longer than an engine takes to start or stop, as that happens under the lock. */
const lockTimeoutMs = 120_000;
const lockPollMs = 100;

/** Runs `action` while no other live process is inside the same lock. A dead holder's lock is void. */
export const withLock = async <T>(path: string, action: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + lockTimeoutMs;
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(ownerOf(process.pid));
      await file.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    // An empty file is one that its holder is about to write.
    if (holder !== '' && !isAlive(holder)) await rm(path, { force: true });
    if (Date.now() > deadline)
      throw new LivemigError(
        'TIMEOUT',
        `${path} is held by process ${holder}; remove it if that is not livemig`,
      );
    await sleep(lockPollMs);
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
};

/** The processes that use a shared thing: one file each, named after its process. Call these under the lock. */
export const usersIn = (directory: string) => {
  const mine = join(directory, ownerOf(process.pid));
  return {
    join: async (): Promise<void> => {
      await mkdir(directory, { recursive: true });
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
