import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { LivemigError } from '#proto/errors';
import { fileAgeMs } from '#harness/timestamp';
import type { Owner } from '../owner.ts';
import { isDead, startTimeOf, thisProcess } from '../owner.ts';

/**
 * The private directory of a testbed (mode 700, by mkdtemp): its agents' sockets, and a note of the process that
 * owns it, by which `sweepDirectories` tells a dead harness's directory from a live one's.
 */
const prefix = 'livemig-netns-';
const ownerFile = 'owner.json';
/** sockaddr_un holds 108 bytes with the final zero; the longest name in the directory is `/destination.sock`. */
const directoryMaxLength = 107 - '/destination.sock'.length;
/** A directory without a note of its owner may be one that is just being made. */
const unownedGraceMs = 60_000;

/** The temporary directory, unless the cell's own /run would hide it or sockets in it have too long a name. */
const parents = async (temporary: string): Promise<string[]> => {
  const candidates = await Promise.all([temporary, '/tmp'].map((path) => realpath(path).catch(() => null)));
  const usable = (path: string | null): path is string =>
    path !== null &&
    !`${path}/`.startsWith('/run/') &&
    join(path, `${prefix}${process.pid}-XXXXXX`).length <= directoryMaxLength;
  return [...new Set(candidates.filter(usable))];
};

/** @throws LivemigError TESTBED_FAILED when no temporary directory can be written. */
export const makeDirectory = async (temporary: string = tmpdir()): Promise<string> => {
  const [parent] = await parents(temporary);
  if (parent === undefined)
    throw new LivemigError('TESTBED_FAILED', `expected a temporary directory with a short name outside /run, found ${temporary}; set TMPDIR`); // prettier-ignore
  try {
    const directory = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
    await writeFile(join(directory, ownerFile), JSON.stringify(thisProcess()));
    return directory;
  } catch (cause) {
    throw new LivemigError('TESTBED_FAILED', `can't make a directory in ${parent}; set TMPDIR to one that can be written`, { cause }); // prettier-ignore
  }
};

const isAbandoned = async (directory: string): Promise<boolean> => {
  const { uid, mtimeMs } = await stat(directory);
  if (uid !== process.getuid?.()) return false;
  try {
    return isDead(JSON.parse(await readFile(join(directory, ownerFile), 'utf8')) as Owner);
  } catch {
    // Without a note: of a process that lives, by its name, and be it another by now, it is left alone.
    const [, pid] = /^(\d+)-/.exec(basename(directory).slice(prefix.length)) ?? [];
    const isOfLiving = pid !== undefined && startTimeOf(Number(pid)) !== null;
    return !isOfLiving && fileAgeMs(mtimeMs) > unownedGraceMs;
  }
};

/** Removes directories of this user's dead harnesses; returns their paths. A live harness's is never touched. */
export const sweepDirectories = async (temporary: string = tmpdir()): Promise<string[]> => {
  const removed: string[] = [];
  for (const parent of await parents(temporary))
    for (const name of await readdir(parent).catch(() => [])) {
      const directory = join(parent, name);
      if (!name.startsWith(prefix) || !(await isAbandoned(directory).catch(() => false))) continue;
      await rm(directory, { recursive: true, force: true });
      removed.push(directory);
    }
  return removed;
};
