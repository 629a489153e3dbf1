import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));

export interface OutsideStudy {
  /** The directory that holds the study's folder, `my-study`. */
  directory: string;
  folder: string;
  /** Replaces the text of a file of the study; null removes the file. */
  change: (file: string, by: ((text: string) => string) | null) => Promise<void>;
  remove: () => Promise<void>;
}

/**
 * A copy of test/support/my-study in its own directory outside the project.
 * @param isInstalled as by `npm install PATH_OF_LIVEMIG`, which Jest's resolver needs, and the command line doesn't
 */
export const outsideStudy = async (isInstalled = true): Promise<OutsideStudy> => {
  const directory = await mkdtemp(join(tmpdir(), 'livemig-study-'));
  const folder = join(directory, 'my-study');
  await cp(join(project, 'test/support/my-study'), folder, { recursive: true });
  if (isInstalled) {
    await mkdir(join(directory, 'node_modules'));
    await symlink(project, join(directory, 'node_modules/livemig'));
  }
  return {
    directory,
    folder,
    change: async (file, by) => {
      const path = join(folder, file);
      if (by === null) await rm(path);
      else await writeFile(path, by(await readFile(path, 'utf8').catch(() => '')));
    },
    remove: () => rm(directory, { recursive: true }),
  };
};
