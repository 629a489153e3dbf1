import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a run's code is in. */
const rooms = ['catalogue', 'harness', 'hosts', 'proto'] as const;
const isCode = (name: string): boolean => /\.(?:[jt]s|proto|sh)$/.test(name);

/**
 * Tells this livemig's code from another: a kept testbed runs the code that it was brought up with, which may have been
 * edited or replaced meanwhile. By size and time of every file, which takes milliseconds.
 * @param root the package's
 */
export const codeStamp = (root: string = fileURLToPath(new URL('../..', import.meta.url))): string => {
  const hash = createHash('sha256');
  for (const room of rooms) {
    const files = readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && isCode(entry.name) && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
};
