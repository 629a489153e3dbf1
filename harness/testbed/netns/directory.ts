import { readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LivemigError } from '../../../proto/errors.ts';

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

/** A process for good: ids are used again, but not with the same start time, nor in another PID namespace. */
interface Owner {
  pid: number;
  startTime: string;
  pidNamespace: string;
}

/**
 * Field 22 of /proc/PID/stat, clock ticks since boot (proc(5)); null when there is no such process. A zombie is none:
 * where nobody collects it, it stays for ever.
 */
export const startTimeOf = (pid: number): string | null => {
  try {
    return parseStartTime(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
};

/** @param line of /proc/PID/stat; its second field, the program's name in parentheses, may hold anything. */
export const parseStartTime = (line: string): string | null => {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
};

const pidNamespace = (): string => readlinkSync('/proc/self/ns/pid');

const self = (): Owner => ({
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? '',
  pidNamespace: pidNamespace(),
});

/** Unknown where the owner lives in a PID namespace that we don't see: such a directory isn't ours to judge. */
const isDead = (owner: Owner): boolean =>
  owner.pidNamespace === pidNamespace() && startTimeOf(owner.pid) !== owner.startTime;

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
    await writeFile(join(directory, ownerFile), JSON.stringify(self()));
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
    return Date.now() - mtimeMs > unownedGraceMs;
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
