import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Which livemig this is. */
export interface OwnCommit {
  /** Of git; null where neither a clone nor the package says. */
  livemigCommit: string | null;
  /** Files have been changed since; null where that isn't known. */
  livemigIsDirty: boolean | null;
}

const unknown: OwnCommit = { livemigCommit: null, livemigIsDirty: null };

/** A hang of git, as on a file system that doesn't answer, must not keep a run from beginning. */
const timeoutMs = 5000;

const git = (root: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/**
 * @param root of a clone, where git knows, or of the npm package's `dist`, whose package.json was told when it was built. An
 *   installed package lies in the repository of somebody else, which is not asked.
 */
export const commitOf = (root: string): OwnCommit => {
  try {
    if (existsSync(join(root, '.git')))
      return {
        livemigCommit: git(root, 'rev-parse', 'HEAD'),
        livemigIsDirty: git(root, 'status', '--porcelain', '--untracked-files=no') !== '',
      };
    const { livemigCommit, livemigIsDirty } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as Partial<OwnCommit>;
    return { livemigCommit: livemigCommit ?? null, livemigIsDirty: livemigIsDirty ?? null };
  } catch {
    // No git, or a clone of another user's that it refuses to read.
    return unknown;
  }
};

let known: OwnCommit | undefined;

/** As of this process's first question. */
export const ownCommit = (): OwnCommit =>
  (known ??= commitOf(fileURLToPath(new URL('../..', import.meta.url))));
