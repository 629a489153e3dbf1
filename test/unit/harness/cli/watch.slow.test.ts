import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { LivemigProcess } from '#test/support/livemig-process';
import { endLivemigs, startLivemig } from '#test/support/livemig-process';

// A check of the whole suite and several simulated runs, on a machine that others share.
jest.setTimeout(120_000);

afterAll(endLivemigs, 60_000);

const example = fileURLToPath(new URL('../../../../examples/strategies/two-rounds.ts', import.meta.url));
let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lm-watch-'));
  file = join(directory, 'mine.ts');
  await copyFile(example, file);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const watching = (...args: string[]): LivemigProcess =>
  startLivemig([
    'watch', file, '--driver', 'sim', '--link', 'lan-1g', '--guest', '16MiB', '--workload', 'stress:4MiB@1000',
    '--out', join(directory, 'results'), ...args,
  ]); // prettier-ignore

/** Until it has said the text so often. */
const until = async ({ said, child }: LivemigProcess, text: string, times = 1): Promise<void> => {
  while (said.stderr.split(text).length <= times && child.exitCode === null) await sleep(20);
};

const edit = async (): Promise<void> => {
  await writeFile(file, `${await readFile(file, 'utf8')}\n// another version\n`);
};

const stopped = async (watch: LivemigProcess): Promise<void> => {
  watch.child.kill('SIGINT');
  expect((await watch.ended)[0]).toBe(130);
};

test('runs each version as often as asked, in turn with another strategy, and keeps the results', async () => {
  const watch = watching('--repeat', '2', '--against', 'stop-and-copy');
  await until(watch, 'Ctrl-C ends it');
  const { said } = watch;
  expect(said.stdout).toContain('2 runs: 2 completed');
  // Two rounds of pre-copy leave far less for the downtime than none.
  expect(said.stdout).toMatch(
    /compared with stop-and-copy:\n(?:.*\n)? {2}downtime .* −\d\d % \[−\d\d, −\d\d\]/,
  );
  expect(said.stdout).not.toContain('the version before');
  await edit();
  await until(watch, 'Ctrl-C ends it', 2);
  expect(said.stdout).toMatch(/compared with the version before:\n {2}total /);
  await stopped(watch);
  // A simulated run that is repeated is the same run, in the same file; it is listed each time.
  const lines = (await readFile(join(directory, 'results', 'runs.jsonl'), 'utf8')).trim().split('\n');
  const made = lines.map((line) => (JSON.parse(line) as { strategy: string }).strategy);
  expect(made.filter((strategy) => strategy === 'stop-and-copy')).toHaveLength(4);
  expect(made).toHaveLength(8);
});

test('one run of each version is compared as one, and says so', async () => {
  const watch = watching();
  await until(watch, 'Ctrl-C ends it');
  await edit();
  await until(watch, 'Ctrl-C ends it', 2);
  expect(watch.said.stdout).toContain('one run says nothing about noise');
  await stopped(watch);
});

test('a version that loses pages is not run, and the next one is compared with the last that was', async () => {
  const watch = watching();
  await until(watch, 'Ctrl-C ends it');
  const text = await readFile(file, 'utf8');
  await writeFile(file, 'export default { name: "none", migrate: async () => undefined };\n');
  await until(watch, 'Ctrl-C ends it', 2);
  expect(watch.said.stderr).toContain('never-switches-over');
  expect(watch.said.stdout).not.toContain('the version before');
  await writeFile(file, text);
  await until(watch, 'Ctrl-C ends it', 3);
  expect(watch.said.stdout).toContain('compared with the version before');
  await stopped(watch);
});

test('another strategy that there is not is refused before anything runs', async () => {
  const watch = watching('--against', 'hybird');
  expect((await watch.ended)[0]).toBe(2);
  expect(watch.said.stderr).toContain('hybrid');
});
