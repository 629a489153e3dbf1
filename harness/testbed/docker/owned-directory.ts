import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownerOf } from './labels.ts';

/** A directory while something is built in it; disposing removes it. */
export interface OwnedDirectory extends AsyncDisposable {
  path: string;
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** What builds that were killed have left: their directories are named after the process that made them. */
const removeAbandoned = async (parent: string, prefix: string): Promise<void> => {
  for (const name of await readdir(parent))
    if (name.startsWith(prefix) && !isAlive(name.slice(prefix.length).split('-')[0] ?? ''))
      // Another user's stays.
      await remove(join(parent, name)).catch(() => undefined);
};

/** @param prefix of its name, and of those whose makers are dead, which are removed. */
export const makeOwnedDirectory = async (parent: string, prefix: string): Promise<OwnedDirectory> => {
  await removeAbandoned(parent, prefix);
  const path = await mkdtemp(join(parent, `${prefix}${ownerOf(process.pid)}-`));
  return { path, [Symbol.asyncDispose]: () => remove(path) };
};
