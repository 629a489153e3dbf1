import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { announceRun, runningRuns } from '../../../../harness/run/running.ts';
import { thisProcess } from '../../../../harness/testbed/owner.ts';

let temporary = '';
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'livemig-running-'));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

const run = {
  runId: 'a-run',
  name: 'mine',
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

test('what a dead harness left is no run, and is removed', async () => {
  await announceRun(run, temporary);
  const [directory] = await readdir(temporary);
  const dead = { ...run, runId: 'dead', owner: { ...thisProcess(), startTime: '1' } };
  await writeFile(join(temporary, directory!, 'dead.json'), JSON.stringify(dead));
  expect((await runningRuns(temporary)).map(({ runId }) => runId)).toEqual(['a-run']);
  expect(await readdir(join(temporary, directory!))).toEqual(['a-run.json']);
});

test('a directory that others may write is refused', async () => {
  await (await announceRun(run, temporary))[Symbol.asyncDispose]();
  const [directory] = await readdir(temporary);
  await chmod(join(temporary, directory!), 0o777);
  await expect(announceRun(run, temporary)).rejects.toMatchObject({ code: 'TESTBED_FAILED' });
});
