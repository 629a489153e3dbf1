/**
 * Node's compile cache for programs inside user-mode Linux, where reading and compiling TypeScript takes seconds. It is
 * filled out here by the same Node, under the flags of those programs, which are part of what its entries are good for.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileCacheDirectory } from '#harness/compile-cache';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** @returns the cache's directory; null where there can be none: programs then only start more slowly. */
export const fillNodeCache = (): string | null => {
  const directory = compileCacheDirectory();
  try {
    mkdirSync(directory, { recursive: true });
  } catch {
    return null;
  }
  const programs = pathOf('node-cache-programs.ts');
  const env = { ...process.env, NODE_COMPILE_CACHE: directory };
  spawnSync(process.execPath, [programs], { env, stdio: 'ignore' });
  spawnSync('sh', [pathOf('../../hosts/agent.sh'), process.execPath, programs], { env, stdio: 'ignore' });
  return directory;
};
