import { spawnSync } from 'node:child_process';
import {
  chmod,
  chown,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tryLock } from '#harness/files/lock';
import { announceRun, findRuns, runningRuns } from '#harness/run/running';
import { thisProcess } from '#harness/testbed/owner';

let temporary = '';
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'livemig-running-'));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

const announcedFile = expect.stringMatching(/^a-run-.*\.json$/) as unknown;

const run = {
  runId: 'a-run',
  name: 'mine',
  driver: 'netns',
  agents: { source: 'unix:/somewhere', wan: 'unix:/elsewhere' },
  addresses: { source: '10.0.1.2', destination: '10.0.2.2' },
};

test('a run is found while it lasts', async () => {
  expect(await runningRuns(temporary)).toEqual([]);
  const announced = await announceRun(run, temporary);
  expect(await runningRuns(temporary)).toEqual([{ ...run, owner: thisProcess() }]);
  await announced[Symbol.asyncDispose]();
  expect(await runningRuns(temporary)).toEqual([]);
});

test('a run is found beside another of the same id, as those in virtual time have, and after it', async () => {
  const first = await announceRun(run, temporary);
  const second = await announceRun({ ...run, name: 'another' }, temporary);
  const names = async () => (await runningRuns(temporary)).map(({ name }) => name).toSorted();
  expect(await names()).toEqual(['another', 'mine']);
  await second[Symbol.asyncDispose]();
  expect(await names()).toEqual(['mine']);
  await first[Symbol.asyncDispose]();
  expect(await names()).toEqual([]);
});

test('what a dead harness left is not a run, and is removed', async () => {
  await announceRun(run, temporary);
  const [directory] = await readdir(temporary);
  const dead = { ...run, runId: 'dead', owner: { ...thisProcess(), startTime: '1' } };
  await writeFile(join(temporary, directory!, 'dead.json'), JSON.stringify(dead));
  expect((await runningRuns(temporary)).map(({ runId }) => runId)).toEqual(['a-run']);
  expect(await readdir(join(temporary, directory!))).toEqual([announcedFile]);
});

test('a directory that others may write to is refused', async () => {
  await (await announceRun(run, temporary))[Symbol.asyncDispose]();
  const [directory] = await readdir(temporary);
  await chmod(join(temporary, directory!), 0o777);
  await expect(announceRun(run, temporary)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
});

describe('a file not written by this user’s livemig is never obeyed', () => {
  /** As if it were announced: a copy of one that is, under another name. */
  const placed = async (change: (file: string, directory: string) => Promise<void>): Promise<string[]> => {
    const announced = await announceRun(run, temporary);
    const [name] = await readdir(temporary);
    const directory = join(temporary, name!);
    const file = join(directory, 'placed.json');
    await writeFile(file, await readFile(join(directory, (await readdir(directory))[0]!)), { mode: 0o600 });
    // Held, as by a harness.
    const fd = openSync(file, 'r');
    expect(tryLock(fd)).toBe('taken');
    try {
      await change(file, directory);
      const { runs, ignored } = await findRuns(temporary);
      expect(runs.filter(({ runId }) => runId === 'a-run')).not.toHaveLength(0);
      expect(runs).toHaveLength(2 - ignored.length);
      return ignored;
    } finally {
      closeSync(fd);
      await announced[Symbol.asyncDispose]();
    }
  };

  test('control: a file of this user is a run', async () => {
    expect(await placed(async () => undefined)).toEqual([]);
  });

  test.each<[string, RegExp, (file: string, directory: string) => Promise<void>]>([
    ['that others may write', /this user's alone/, (file) => chmod(file, 0o666)],
    [
      'that is a link',
      /ELOOP/,
      async (file, directory) => {
        await rename(file, join(directory, 'real'));
        await symlink('real', file);
      },
    ],
    [
      'without agents',
      /agents/,
      (file) => writeFile(file, JSON.stringify({ owner: thisProcess(), runId: 'x' })),
    ],
    ['of an owner that is none', /owner/, (file) => writeFile(file, JSON.stringify({ ...run, owner: null }))],
    ['that is torn', /JSON/, (file) => truncate(file, 20)],
    ['without end', /1048576 bytes/, (file) => truncate(file, 1 << 20)],
  ])('%s', async (_, problem, change) => {
    expect(await placed(change)).toEqual([expect.stringMatching(problem)]);
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('of another user, and a directory of another user', async () => {
    const nobody = 65534;
    expect(await placed((file) => chown(file, nobody, nobody))).toEqual([
      expect.stringMatching(/this user's alone/),
    ]);
    const [directory] = await readdir(temporary);
    await chown(join(temporary, directory!), nobody, nobody);
    await expect(findRuns(temporary)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
  });
});

test('a directory that is a symbolic link is refused', async () => {
  await (await announceRun(run, temporary))[Symbol.asyncDispose]();
  const [directory] = await readdir(temporary);
  await rename(join(temporary, directory!), join(temporary, 'elsewhere'));
  await symlink('elsewhere', join(temporary, directory!));
  await expect(announceRun(run, temporary)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
  await expect(findRuns(temporary)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
});

test('a run ends with its process, however that ends', async () => {
  const script = `
    const { announceRun } = await import(${JSON.stringify(new URL('../../../../harness/run/running.ts', import.meta.url).href)});
    await announceRun(${JSON.stringify(run)}, ${JSON.stringify(temporary)});
    process.kill(process.pid, 'SIGKILL');`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL');
  const [directory] = await readdir(temporary);
  expect(await readdir(join(temporary, directory!))).toEqual([announcedFile]);
  expect(await runningRuns(temporary)).toEqual([]);
  expect(await readdir(join(temporary, directory!))).toEqual([]);
});
