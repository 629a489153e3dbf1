import { readFile, rm, writeFile } from 'node:fs/promises';
import { LivemigError } from '../../proto/errors.ts';
import type { Owner } from '../testbed/owner.ts';
import { isDead, thisProcess } from '../testbed/owner.ts';

const readOwner = async (file: string): Promise<Owner | null> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    // Gone in the meantime, or torn by a harness that was killed as it wrote it.
    return null;
  }
};

/**
 * Holds a result set for this process, so that no two sweeps write into it. A lock that a dead harness left is none.
 * @throws LivemigError BAD_INPUT where another holds it
 */
export const takeLock = async (file: string): Promise<AsyncDisposable> => {
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(thisProcess()), { flag: 'wx' });
      return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await readOwner(file);
    if (owner !== null && !isDead(owner)) {
      const problem = `another sweep (process ${owner.pid}) is writing there; if it isn't, remove ${file}`;
      throw new LivemigError('BAD_INPUT', problem, { problems: [problem] });
    }
    await rm(file, { force: true });
  }
};
