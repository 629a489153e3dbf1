import { readFileSync } from 'node:fs';

/** A run has some 60 files open; agents with 16 page streams have about as many, and inherit the limit. */
const openFilesNeeded = 256;

/** How many files this process may have open; null where the system doesn't say. Node has raised the soft limit already. */
export const openFilesMax = (): number | null => {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
};

/** Why this process may open too few files for a testbed; null = enough. Without them, starts fail wherever they are. */
export const openFilesProblem = (max: number | null = openFilesMax()): string | null =>
  max === null || max >= openFilesNeeded
    ? null
    : `expected to be allowed ${openFilesNeeded} open files or more, got ${max}: raise it with \`ulimit -n ${openFilesNeeded}\``;
