import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOurs, LivemigError, messageOf } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import type { Owner } from './owner.ts';
import { isDead, thisProcess } from './owner.ts';
import type { CpuUsed } from './testbed.ts';

/** Control groups that bound CPU time: version 2's one tree, or version 1's two controllers `cpu` and `cpuacct`. */
export type Hierarchy =
  { version: 2; directory: string } | { version: 1; directory: string; accounting: string };

/** As the kernel's default, and as Docker has it. */
const periodUs = 100_000;

const unsupported = (why: string, cause?: unknown): LivemigError =>
  new LivemigError('UNSUPPORTED', `hosts.cpus: a quota of CPU time needs a control group, but ${why}`, {
    cause,
  });

interface Mount {
  at: string;
  type: string;
  options: readonly string[];
}

/** @param mounts text of /proc/self/mountinfo (proc(5)) */
const controlGroupMounts = (mounts: string): Mount[] =>
  mounts.split('\n').flatMap((line) => {
    const [front = '', back = ''] = line.split(' - ');
    const at = front.split(' ')[4];
    const [type = '', , options = ''] = back.split(' ');
    return at !== undefined && type.startsWith('cgroup') ? [{ at, type, options: options.split(',') }] : [];
  });

/**
 * Which hierarchy has the CPU controller: on a machine with both versions it belongs to one of them.
 * @throws LivemigError UNSUPPORTED where none has
 */
export const findHierarchy = async (mounts: string): Promise<Hierarchy> => {
  const mounted = controlGroupMounts(mounts);
  const ofController = (name: string): string | undefined =>
    mounted.find(({ type, options }) => type === 'cgroup' && options.includes(name))?.at;
  const [directory, accounting] = [ofController('cpu'), ofController('cpuacct')];
  if (directory !== undefined && accounting !== undefined) return { version: 1, directory, accounting };
  for (const { at } of mounted.filter(({ type }) => type === 'cgroup2')) {
    const controllers = await readFile(join(at, 'cgroup.controllers'), 'utf8').catch(() => '');
    if (controllers.split(/\s+/).includes('cpu')) return { version: 2, directory: at };
  }
  throw unsupported('no mounted hierarchy has the CPU controller: mount -t cgroup2 none /sys/fs/cgroup');
};

/** This machine's. @throws LivemigError UNSUPPORTED */
export const hierarchyHere = async (): Promise<Hierarchy> =>
  findHierarchy(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));

const prefix = 'livemig-host.';
const sanitised = (pidNamespace: string): string => pidNamespace.replaceAll(/\W/g, '');

/** A group's name says whose it is, so that the next start finds those of dead harnesses. */
export const groupName = (what: string, { pid, startTime, pidNamespace }: Owner = thisProcess()): string =>
  `${prefix}${pid}.${startTime}.${sanitised(pidNamespace)}.${what}`;

const ownerOf = (name: string): Owner | null => {
  const [pid, startTime, namespace] = name.slice(prefix.length).split('.');
  const ours = thisProcess().pidNamespace;
  return !name.startsWith(prefix) || startTime === undefined || namespace !== sanitised(ours)
    ? null
    : { pid: Number(pid), startTime, pidNamespace: ours };
};

const directoriesOf = (hierarchy: Hierarchy): string[] =>
  hierarchy.version === 2 ? [hierarchy.directory] : [hierarchy.directory, hierarchy.accounting];

/** A group is busy until the last process in it is collected. */
const emptyWithinMs = 2_000;
const pollMs = 20;

const removeGroup = async (directory: string): Promise<void> => {
  const startedAtMs = monotonicMs();
  for (;;)
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || monotonicMs() - startedAtMs > emptyWithinMs) throw error;
      await sleep(pollMs);
    }
};

const numberIn = (text: string, name: string): number => {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  if (value === undefined)
    throw new LivemigError(
      'TESTBED_FAILED',
      `cpu.stat of a control group has no ${name}: ${text.slice(0, 200)}`,
    );
  return Number(value);
};

/** One host's control group: its processes share a quota of CPU time. */
export class ControlGroup {
  readonly #hierarchy: Hierarchy;
  readonly #directories: string[];

  private constructor(hierarchy: Hierarchy, name: string) {
    this.#hierarchy = hierarchy;
    this.#directories = directoriesOf(hierarchy).map((directory) => join(directory, name));
  }

  /** @throws LivemigError UNSUPPORTED when it can't be made, or doesn't take the quota; nothing is left then. */
  static async make(hierarchy: Hierarchy, name: string, cpus: number): Promise<ControlGroup> {
    const group = new ControlGroup(hierarchy, name);
    try {
      if (hierarchy.version === 2)
        await writeFile(join(hierarchy.directory, 'cgroup.subtree_control'), '+cpu');
      for (const directory of group.#directories) await mkdir(directory);
      await group.#limit(cpus);
      return group;
    } catch (error) {
      await group.remove().catch(() => undefined);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
        throw unsupported(
          `${hierarchy.directory} can't be written (${code}): run it as root, or with driver docker`,
        );
      if (isOurs(error)) throw error;
      throw unsupported(`making one below ${hierarchy.directory} failed: ${messageOf(error)}`, error);
    }
  }

  /** Moves a process with all its threads; its later children are in the group, too. */
  async add(pid: number): Promise<void> {
    for (const directory of this.#directories) await writeFile(join(directory, 'cgroup.procs'), String(pid));
  }

  async read(): Promise<CpuUsed> {
    const [directory = '', accounting = ''] = this.#directories;
    const statistics = await readFile(join(directory, 'cpu.stat'), 'utf8');
    if (this.#hierarchy.version === 2)
      return {
        usedMs: numberIn(statistics, 'usage_usec') / 1e3,
        throttledMs: numberIn(statistics, 'throttled_usec') / 1e3,
      };
    return {
      usedMs: Number(await readFile(join(accounting, 'cpuacct.usage'), 'utf8')) / 1e6,
      throttledMs: numberIn(statistics, 'throttled_time') / 1e6,
    };
  }

  /** Lets its processes go to the group above, and removes it. Idempotent. */
  async remove(): Promise<void> {
    for (const directory of this.#directories) {
      const left = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const pid of left.split('\n').filter((line) => line !== ''))
        // One that has just ended needs no other group.
        await writeFile(join(directory, '..', 'cgroup.procs'), pid).catch(() => undefined);
      await removeGroup(directory);
    }
  }

  async #limit(cpus: number): Promise<void> {
    const [directory = ''] = this.#directories;
    const quotaUs = Math.round(cpus * periodUs);
    if (this.#hierarchy.version === 2) {
      await writeFile(join(directory, 'cpu.max'), `${quotaUs} ${periodUs}`);
      await this.#expect('cpu.max', `${quotaUs} ${periodUs}`);
      return;
    }
    await writeFile(join(directory, 'cpu.cfs_period_us'), String(periodUs));
    await writeFile(join(directory, 'cpu.cfs_quota_us'), String(quotaUs));
    await this.#expect('cpu.cfs_quota_us', String(quotaUs));
  }

  async #expect(file: string, wanted: string): Promise<void> {
    const found = (await readFile(join(this.#directories[0] ?? '', file), 'utf8')).trim();
    if (found !== wanted) throw new Error(`${file} reads ${found} instead of ${wanted}`);
  }
}

/** Removes groups of dead harnesses; returns their paths. */
export const sweepControlGroups = async (hierarchy: Hierarchy): Promise<string[]> => {
  const removed: string[] = [];
  for (const parent of directoriesOf(hierarchy))
    for (const name of await readdir(parent).catch(() => [])) {
      const owner = ownerOf(name);
      if (owner === null || !isDead(owner)) continue;
      const directory = join(parent, name);
      // What is still in it is no reason to fail: the next start tries again.
      if (
        await removeGroup(directory).then(
          () => true,
          () => false,
        )
      )
        removed.push(directory);
    }
  return removed;
};
