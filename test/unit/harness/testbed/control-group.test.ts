import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Hierarchy } from '#harness/testbed/control-group';
import {
  ControlGroup,
  findHierarchy,
  groupName,
  hierarchyHere,
  sweepControlGroups,
} from '#harness/testbed/control-group';
import { thisProcess } from '#harness/testbed/owner';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'livemig-cgroup-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const mountLine = (at: string, type: string, options: string): string =>
  `35 24 0:30 / ${at} rw,nosuid,nodev,noexec,relatime shared:9 - ${type} ${type} rw,${options}`;

/** As the kernel prints it. */
const statistics2 = [
  'usage_usec 1500000', 'user_usec 1000000', 'system_usec 500000', 'nice_usec 0', 'core_sched.force_idle_usec 0',
  'nr_periods 40', 'nr_throttled 3', 'throttled_usec 250000', 'nr_bursts 0', 'burst_usec 0', '',
].join('\n'); // prettier-ignore
const statistics1 = 'nr_periods 40\nnr_throttled 3\nthrottled_time 250000000\nnr_bursts 0\nburst_time 0\n';

describe('where the CPU controller is', () => {
  test('version 1 with two directories, or one for both', async () => {
    const apart = [mountLine('/c/cpu', 'cgroup', 'cpu'), mountLine('/c/acct', 'cgroup', 'cpuacct')].join(
      '\n',
    );
    expect(await findHierarchy(apart)).toEqual({ version: 1, directory: '/c/cpu', accounting: '/c/acct' });
    const both = mountLine('/c/cpu,cpuacct', 'cgroup', 'cpu,cpuacct');
    expect(await findHierarchy(both)).toMatchObject({ version: 1, accounting: '/c/cpu,cpuacct' });
  });

  test('version 2, where its tree has the controller', async () => {
    await writeFile(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    expect(await findHierarchy(mountLine(root, 'cgroup2', 'nsdelegate'))).toEqual({
      version: 2,
      directory: root,
    });
  });

  test('a tree of version 2 beside version 1 has what is left, and that is not it', async () => {
    await writeFile(join(root, 'cgroup.controllers'), 'hugetlb\n');
    const hybrid = [
      mountLine('/c/cpu', 'cgroup', 'cpu'),
      mountLine('/c/acct', 'cgroup', 'cpuacct'),
      mountLine(root, 'cgroup2', ''),
    ];
    expect(await findHierarchy(hybrid.join('\n'))).toMatchObject({ version: 1 });
    await expect(findHierarchy(mountLine(root, 'cgroup2', ''))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    await expect(findHierarchy('')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('a control group', () => {
  const textIn = (...path: string[]): Promise<string> => readFile(join(root, ...path), 'utf8');

  test('of version 2: cpu.max, cgroup.procs, cpu.stat', async () => {
    const group = await ControlGroup.make({ version: 2, directory: root }, 'g', 0.66);
    expect(await textIn('cgroup.subtree_control')).toBe('+cpu');
    expect(await textIn('g', 'cpu.max')).toBe('66000 100000');
    await group.add(4711);
    expect(await textIn('g', 'cgroup.procs')).toBe('4711');
    await writeFile(join(root, 'g', 'cpu.stat'), statistics2);
    expect(await group.read()).toEqual({ usedMs: 1_500, throttledMs: 250 });
    await writeFile(join(root, 'g', 'cpu.stat'), 'usage_usec 5\n');
    await expect(group.read()).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
  });

  test('of version 1: quota and period, both directories, cpuacct.usage', async () => {
    const [directory, accounting] = [join(root, 'cpu'), join(root, 'cpuacct')];
    await mkdir(directory);
    await mkdir(accounting);
    const group = await ControlGroup.make({ version: 1, directory, accounting }, 'g', 1.5);
    expect(await textIn('cpu', 'g', 'cpu.cfs_period_us')).toBe('100000');
    expect(await textIn('cpu', 'g', 'cpu.cfs_quota_us')).toBe('150000');
    await group.add(4711);
    expect(await textIn('cpuacct', 'g', 'cgroup.procs')).toBe('4711');
    await writeFile(join(directory, 'g', 'cpu.stat'), statistics1);
    await writeFile(join(accounting, 'g', 'cpuacct.usage'), '1500000000\n');
    expect(await group.read()).toEqual({ usedMs: 1_500, throttledMs: 250 });
  });

  test('that cannot be made is unsupported, and leaves nothing', async () => {
    const nowhere: Hierarchy = { version: 2, directory: join(root, 'missing') };
    await expect(ControlGroup.make(nowhere, 'g', 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await exists(nowhere.directory)).toBe(false);
  });
});

describe('what a dead harness left', () => {
  test('is removed; that of a live one, of another PID namespace, and of others stays', async () => {
    const dead = { ...thisProcess(), startTime: '1' };
    const names = {
      dead: groupName('1-source', dead),
      live: groupName('1-source'),
      foreign: groupName('1-source', { ...dead, pidNamespace: 'pid:[1]' }),
      other: 'system.slice',
    };
    for (const name of Object.values(names)) await mkdir(join(root, name));
    expect(await sweepControlGroups({ version: 2, directory: root })).toEqual([join(root, names.dead)]);
    expect(await exists(join(root, names.dead))).toBe(false);
    for (const name of [names.live, names.foreign, names.other])
      expect(await exists(join(root, name))).toBe(true);
  });
});

const here = await hierarchyHere().catch(() => null);
const canMake =
  here !== null &&
  (await ControlGroup.make(here, groupName('probe'), 1).then(
    async (group) => {
      await group.remove();
      return true;
    },
    () => false,
  ));

(canMake ? describe : describe.skip)("this machine's control groups", () => {
  test('hold a busy process to its quota, and let it go', async () => {
    const group = await ControlGroup.make(here!, groupName('test'), 0.2);
    const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    try {
      await group.add(busy.pid!);
      const before = await group.read();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const after = await group.read();
      expect(after.usedMs - before.usedMs).toBeGreaterThan(20);
      expect(after.usedMs - before.usedMs).toBeLessThan(400);
      expect(after.throttledMs).toBeGreaterThan(before.throttledMs);
      await group.remove();
      expect(busy.exitCode).toBeNull();
      await expect(group.read()).rejects.toThrow();
    } finally {
      busy.kill('SIGKILL');
      await group.remove();
    }
  }, 30_000);
});
